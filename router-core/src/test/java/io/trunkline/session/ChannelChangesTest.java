// SPDX-License-Identifier: Apache-2.0
package io.trunkline.session;

import static org.assertj.core.api.Assertions.assertThat;

import io.trunkline.sql.SessionCommand;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** LISTEN and UNLISTEN follow transactions and savepoints. */
class ChannelChangesTest {
    private record Mark(String name, Set<String> channels) {}

    @TestFactory
    Stream<DynamicTest> comesToWhatCopyingAtEachSavepointComesTo() {
        return LongStream.range(0, 200)
                .mapToObj(seed -> DynamicTest.dynamicTest("seed " + seed, () -> compare(new Random(seed))));
    }

    private static void compare(Random random) {
        Set<String> before = random.nextBoolean() ? Set.of() : Set.of("a", "d");
        Set<String> copied = new HashSet<>(before);
        List<Mark> marks = new ArrayList<>();
        ChannelChanges changes = new ChannelChanges();
        for (int i = 0; i < 40; i++) {
            String name = String.valueOf((char) ('a' + random.nextInt(4)));
            switch (random.nextInt(6)) {
                case 0, 1 -> {
                    changes.add(new SessionCommand.Listen(name));
                    copied.add(name);
                }
                case 2 -> {
                    boolean all = random.nextInt(3) == 0;
                    changes.add(new SessionCommand.Unlisten(all ? null : name));
                    copied.removeIf(channel -> all || channel.equals(name));
                }
                case 3 -> {
                    changes.savepoint(new SessionCommand.Savepoint(name));
                    marks.add(new Mark(name, Set.copyOf(copied)));
                }
                case 4 -> {
                    int at = indexOf(marks, name);
                    if (at >= 0) {
                        changes.rollbackTo(name);
                        copied = new HashSet<>(marks.get(at).channels());
                        marks.subList(at + 1, marks.size()).clear();
                    }
                }
                default -> {
                    int at = indexOf(marks, name);
                    if (at >= 0) {
                        changes.release(name);
                        marks.subList(at, marks.size()).clear();
                    }
                }
            }

            Set<String> applied = new HashSet<>(before);
            changes.applyTo(applied);
            assertThat(applied).isEqualTo(copied);
        }
    }

    private static int indexOf(List<Mark> marks, String name) {
        for (int i = marks.size() - 1; i >= 0; i--) {
            if (marks.get(i).name().equals(name)) {
                return i;
            }
        }
        return -1;
    }

    @Test
    void forgetsTheOldestOfTooManySavepoints() {
        ChannelChanges changes = new ChannelChanges();
        changes.add(new SessionCommand.Listen("a"));
        for (int i = 0; i < 5_000; i++) {
            changes.savepoint(new SessionCommand.Savepoint("s" + i));
        }
        changes.add(new SessionCommand.Listen("b"));

        changes.rollbackTo("s4999");

        assertThat(changes.enters("a")).isTrue();
        assertThat(changes.enters("b")).isFalse();
        assertThat(changes.count()).isEqualTo(1);
    }
}
