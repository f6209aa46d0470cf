// SPDX-License-Identifier: Apache-2.0
package io.trunkline.session;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class SavepointMarksTest {
    private final SavepointMarks marks = new SavepointMarks();

    @Test
    void whatCameBehindTheSavepointIsUndone() {
        long first = marks.next();
        marks.add("a");
        long second = marks.next();
        marks.add("b");
        long third = marks.next();
        assertThat(marks.rollBackTo("b")).isEqualTo(second).isLessThan(third);
        assertThat(marks.rollBackTo("a")).isEqualTo(first);
    }

    @Test
    void theYoungestOfANameIsMeant() {
        marks.next();
        marks.add("a");
        long second = marks.next();
        marks.add("a");
        marks.next();
        assertThat(marks.rollBackTo("a")).isEqualTo(second);
        marks.release("a");
        assertThat(marks.rollBackTo("a")).isEqualTo(1);
    }

    @Test
    void whatIsReleasedBelongsToTheSavepointAroundIt() {
        long first = marks.next();
        marks.add("outer");
        marks.next();
        marks.add("inner");
        marks.next();
        marks.release("inner");
        assertThat(marks.rollBackTo("outer")).isEqualTo(first);
    }

    @Test
    void oneThatIsNotKnownIsOlderThanAll() {
        marks.next();
        marks.add("a");
        assertThat(marks.rollBackTo("before")).isZero();
        assertThat(marks.rollBackTo("a")).isZero();
    }

    @Test
    void keepsAsManyAsAreFollowed() {
        for (int i = 0; i <= SessionSettings.SAVEPOINTS_MAX; i++) {
            marks.next();
            marks.add("s" + i);
        }
        assertThat(marks.rollBackTo("s1")).isEqualTo(2);
        assertThat(marks.rollBackTo("s0")).isZero();
    }
}
