// SPDX-License-Identifier: Apache-2.0
package io.trunkline.routing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.BitSet;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class ShardSetTest {

    @Property
    void behavesLikeABitSetForAnyNumberOfShards(@ForAll @IntRange(min = 1, max = 200) int count, @ForAll long seed) {
        java.util.Random random = new java.util.Random(seed);
        BitSet leftBits = randomBits(random, count);
        BitSet rightBits = randomBits(random, count);
        ShardSet left = setOf(leftBits, count);
        ShardSet right = setOf(rightBits, count);

        ShardSet both = left.and(right);
        ShardSet either = left.or(right);

        BitSet expectedBoth = (BitSet) leftBits.clone();
        expectedBoth.and(rightBits);
        BitSet expectedEither = (BitSet) leftBits.clone();
        expectedEither.or(rightBits);
        assertThat(both).isEqualTo(setOf(expectedBoth, count));
        assertThat(either).isEqualTo(setOf(expectedEither, count));
        assertThat(both.size()).isEqualTo(expectedBoth.cardinality());
        assertThat(either.first()).isEqualTo(expectedEither.nextSetBit(0));
        assertThat(either.isAll()).isEqualTo(expectedEither.cardinality() == count);
    }

    @Test
    void givesBackAnOperandWhenItIsTheAnswer() {
        ShardSet all = ShardSet.all(100);
        ShardSet one = ShardSet.of(100, 77);

        assertThat(all.and(one)).isSameAs(one);
        assertThat(one.and(all)).isSameAs(one);
        assertThat(all.or(one)).isSameAs(all);
        assertThat(one.or(ShardSet.none(100))).isSameAs(one);
    }

    @Test
    void refusesToMixClusters() {
        assertThatThrownBy(() -> ShardSet.all(2).and(ShardSet.all(3))).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> ShardSet.of(2, 2)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void namesItsShards() {
        assertThat(ShardSet.of(70, 1).or(ShardSet.of(70, 65))).hasToString("{1, 65}");
    }

    private static BitSet randomBits(java.util.Random random, int count) {
        BitSet bits = new BitSet();
        for (int i = 0; i < count; i++) {
            bits.set(i, random.nextBoolean());
        }
        return bits;
    }

    private static ShardSet setOf(BitSet bits, int count) {
        return bits.stream().mapToObj(shard -> ShardSet.of(count, shard)).reduce(ShardSet.none(count), ShardSet::or);
    }
}
