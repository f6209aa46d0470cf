// SPDX-License-Identifier: Apache-2.0
package io.trunkline.backend;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class CancelSettlingTest {
    private final List<Runnable> roundTrips = new ArrayList<>();
    private final CancelSettling cancels = new CancelSettling(roundTrips::add);
    private int settledCount;

    @Test
    void isSettledWhileNoRequestWasSent() {
        cancels.settle(this::onSettled);

        assertThat(settledCount).isOne();
        assertThat(cancels.isSettled()).isTrue();
        assertThat(roundTrips).isEmpty();
    }

    @Test
    void isNotSettledByTheDeliveryAlone() {
        cancels.onSent();
        cancels.onEnded(CancelEnd.DELIVERED);

        assertThat(cancels.isSettled()).isFalse();
        assertThat(roundTrips).isEmpty();
    }

    @Test
    void waitsForTheDeliveryBeforeTheRoundTrip() {
        cancels.onSent();

        cancels.settle(this::onSettled);

        assertThat(roundTrips).isEmpty();
        cancels.onEnded(CancelEnd.DELIVERED);
        assertThat(roundTrips).hasSize(1);
        assertThat(settledCount).isZero();
    }

    @Test
    void isSettledByTheRoundTrip() {
        cancels.onSent();
        cancels.settle(this::onSettled);
        cancels.onEnded(CancelEnd.DELIVERED);

        roundTrips.get(0).run();

        assertThat(settledCount).isOne();
        assertThat(cancels.isSettled()).isTrue();
    }

    @Test
    void beginsTheRoundTripAtOnceWhenAllWereDelivered() {
        cancels.onSent();
        cancels.onEnded(CancelEnd.DELIVERED);

        cancels.settle(this::onSettled);

        assertThat(roundTrips).hasSize(1);
        assertThat(settledCount).isZero();
    }

    @Test
    void waitsForTheLastOfSeveralRequests() {
        cancels.onSent();
        cancels.onSent();
        cancels.settle(this::onSettled);

        cancels.onEnded(CancelEnd.DELIVERED);

        assertThat(roundTrips).isEmpty();
        cancels.onEnded(CancelEnd.DELIVERED);
        assertThat(roundTrips).hasSize(1);
    }

    @Test
    void needsAnotherRoundTripForARequestSentAfterOneWasDelivered() {
        cancels.onSent();
        cancels.onEnded(CancelEnd.DELIVERED);
        cancels.onSent();

        cancels.settle(this::onSettled);

        assertThat(roundTrips).isEmpty();
        cancels.onEnded(CancelEnd.DELIVERED);
        assertThat(roundTrips).hasSize(1);
    }

    @Test
    void isNeverSureOfARequestThatWasNotConfirmed() {
        cancels.onSent();
        cancels.onSent();
        cancels.onEnded(CancelEnd.UNCONFIRMED);
        cancels.onEnded(CancelEnd.NOT_SENT);

        cancels.settle(this::onSettled);
        roundTrips.get(0).run();

        assertThat(settledCount).isOne();
        assertThat(cancels.isUnconfirmed()).isTrue();
    }

    @Test
    void isSureOfRequestsThatWereDeliveredOrNeverSent() {
        cancels.onSent();
        cancels.onEnded(CancelEnd.NOT_SENT);
        cancels.onSent();
        cancels.onEnded(CancelEnd.DELIVERED);

        assertThat(cancels.isUnconfirmed()).isFalse();
    }

    private void onSettled() {
        settledCount++;
    }
}
