// SPDX-License-Identifier: Apache-2.0
package io.trunkline.decision;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.Set;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TransactionIdTest {
    private static final String INSTANCE = "0123456789abcdef0123456789abcdef";

    @Test
    void namesItsParticipantsByTheirShards() {
        TransactionId id = new TransactionId("main", INSTANCE, 17);

        assertThat(id.text()).isEqualTo("trunkline_main_" + INSTANCE + "_17");
        assertThat(id.participant(3)).isEqualTo("trunkline_main_" + INSTANCE + "_17_3");
    }

    @Property
    void isReadBackFromAnyParticipant(@ForAll("ids") TransactionId id, @ForAll @IntRange(min = 0) int shard) {
        assertThat(TransactionId.parse(id.participant(shard))).isEqualTo(id);
    }

    @Property
    void fitsPostgresAndOneElementOfAPath(@ForAll("ids") TransactionId id) {
        String longest = id.participant(Integer.MAX_VALUE);

        assertThat(longest.getBytes(StandardCharsets.UTF_8)).hasSizeLessThanOrEqualTo(TransactionId.GID_BYTES_MAX);
        assertThat(id.text()).doesNotContain("/").isNotIn(".", "..");
    }

    @Property
    void readsNothingThatItWouldNotWrite(@ForAll("almost") String gid) {
        TransactionId id = TransactionId.parse(gid);

        if (id != null) {
            int shard = Integer.parseInt(gid.substring(gid.lastIndexOf('_') + 1));
            assertThat(id.participant(shard)).isEqualTo(gid);
        }
    }

    @Property
    void readsNoForeignName(@ForAll String gid) {
        assertThat(TransactionId.parse(gid)).isNull();
    }

    @Property
    void readsNoNameWithoutThePrefix(@ForAll("ids") TransactionId id) {
        String gid = id.participant(0);

        assertThat(TransactionId.parse(gid.substring(1))).isNull();
        assertThat(TransactionId.parse("x" + gid)).isNull();
        assertThat(TransactionId.parse(id.text())).isNull();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "trunkline_",
                "trunkline_main_" + INSTANCE + "_17",
                "trunkline_main_" + INSTANCE + "_017_0",
                "trunkline_main_" + INSTANCE + "_-1_0",
                "trunkline_main_" + INSTANCE + "_17_00",
                "trunkline_main_" + INSTANCE + "_17_4294967296",
                "trunkline_main_" + INSTANCE + "_9999999999999999999_0",
                "trunkline_main_" + INSTANCE + "_17_0\n",
                "trunkline_main_" + INSTANCE + "0_17_0",
                "trunkline_main_0123456789ABCDEF0123456789ABCDEF_17_0",
                "trunkline__" + INSTANCE + "_17_0",
                "Trunkline_main_" + INSTANCE + "_17_0",
                "trunkline_m'n_" + INSTANCE + "_17_0",
            })
    void readsOnlyTheFormItWrites(String gid) {
        assertThat(TransactionId.parse(gid)).isNull();
    }

    @Test
    void tellsClustersApartWhoseNamesBeginAlike() {
        TransactionId longer = new TransactionId("a_b", INSTANCE, 1);

        TransactionId read = TransactionId.parse(longer.participant(0));

        assertThat(longer.text()).startsWith("trunkline_a_");
        assertThat(read).isEqualTo(longer).isNotEqualTo(new TransactionId("a", INSTANCE, 1));
    }

    @Test
    void refusesPartsThatCouldNotBeReadBack() {
        assertThatThrownBy(() -> new TransactionId("a/b", INSTANCE, 1)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new TransactionId("a", "router-1", 1)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new TransactionId("a", INSTANCE, -1)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new TransactionId("a", INSTANCE, 1).participant(-1))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void givesNoNameTwice() {
        TransactionIds first = TransactionIds.ofNewInstance();
        TransactionIds second = TransactionIds.ofNewInstance();
        Set<TransactionId> given = new HashSet<>();

        for (int i = 0; i < 1_000; i++) {
            given.add(first.next("main"));
            given.add(second.next("main"));
        }

        assertThat(given).hasSize(2_000);
    }

    @Provide
    Arbitrary<TransactionId> ids() {
        Arbitrary<String> clusters =
                Arbitraries.strings().withChars("abzAZ019_.-").ofMinLength(1).ofMaxLength(63);
        Arbitrary<String> instances =
                Arbitraries.strings().withChars("0123456789abcdef").ofLength(32);
        return Combinators.combine(clusters, instances, Arbitraries.longs().greaterOrEqual(0))
                .as(TransactionId::new);
    }

    /** Names of participants of which one character was replaced. */
    @Provide
    Arbitrary<String> almost() {
        return Combinators.combine(
                        ids(),
                        Arbitraries.integers().between(0, 200),
                        Arbitraries.chars().with('_', '0', '7', 'f', 'F', '-', '/', ' '))
                .as((id, position, replacement) -> {
                    StringBuilder gid = new StringBuilder(id.participant(position));
                    gid.setCharAt(position % gid.length(), replacement);
                    return gid.toString();
                });
    }
}
