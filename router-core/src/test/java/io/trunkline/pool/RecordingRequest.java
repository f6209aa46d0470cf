// SPDX-License-Identifier: Apache-2.0
package io.trunkline.pool;

import io.trunkline.backend.Settings;
import io.trunkline.error.RouterError;
import io.trunkline.testing.FakeBackend;
import org.jspecify.annotations.Nullable;

/** A request that remembers how it was answered. */
final class RecordingRequest implements LeaseRequest {
    private final Settings settings;
    private final String user;
    private @Nullable Lease lease;
    private @Nullable RouterError refusal;
    private int retirings;

    RecordingRequest() {
        this(Settings.NONE);
    }

    RecordingRequest(Settings settings) {
        this(settings, "");
    }

    private RecordingRequest(Settings settings, String user) {
        this.settings = settings;
        this.user = user;
    }

    static RecordingRequest of(String user) {
        return new RecordingRequest(Settings.NONE, user);
    }

    @Override
    public String user() {
        return user;
    }

    boolean isWaiting() {
        return lease == null && refusal == null;
    }

    boolean isLeased() {
        return lease != null;
    }

    Lease lease() {
        Lease granted = lease;
        if (granted == null) {
            throw new AssertionError("not leased; refused: " + refusal);
        }
        return granted;
    }

    FakeBackend backend() {
        return FakeBackend.of(lease().backend());
    }

    String node() {
        return lease().backend().target().node();
    }

    /** Returns the SQLSTATE of the refusal, or the empty string. */
    String sqlState() {
        RouterError error = refusal;
        return error == null ? "" : error.response().sqlState();
    }

    @Nullable
    RouterError refusal() {
        return refusal;
    }

    int retirings() {
        return retirings;
    }

    @Override
    public void onLeased(Lease granted) {
        expectUnanswered();
        lease = granted;
    }

    @Override
    public void onRefused(RouterError error) {
        expectUnanswered();
        refusal = error;
    }

    @Override
    public void onRetiring(Lease retiring) {
        retirings++;
    }

    @Override
    public Settings settings() {
        return settings;
    }

    private void expectUnanswered() {
        if (!isWaiting()) {
            throw new AssertionError("a request was answered twice");
        }
    }
}
