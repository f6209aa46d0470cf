// SPDX-License-Identifier: Apache-2.0
package io.trunkline.testing;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.trunkline.backend.BackendConnection;
import io.trunkline.backend.BackendLimits;
import io.trunkline.backend.BackendLink;
import io.trunkline.backend.BackendTarget;
import io.trunkline.backend.EventLoopClock;
import io.trunkline.backend.ReportedParameters;
import io.trunkline.backend.Settings;
import io.trunkline.error.RouterErrors;
import io.trunkline.wire.BackendKey;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A backend of a {@link FakeNode}: does what its node does, and what the test says. */
public final class FakeBackend extends BackendConnection {
    private final FakeNode node;
    private final EventLoopClock loop;
    private final BackendTarget target;
    private Settings settings = Settings.NONE;
    private boolean open = true;
    private @Nullable String violation;
    private @Nullable IdleListener idleListener;
    private @Nullable QueryListener pendingQuery;
    private @Nullable String closeReason;

    FakeBackend(FakeNode node, EventLoopClock loop, BackendTarget target) {
        super(
                target,
                new DeafLink(),
                new BackendKey(1, new byte[4]),
                ReportedParameters.NONE,
                BackendLimits.DEFAULT,
                loop.nanoTime());
        this.node = node;
        this.loop = loop;
        this.target = target;
    }

    /** Lets the backend carry these settings. */
    public void carry(Settings carried) {
        settings = carried;
    }

    /** Leaves the backend in a state in which it cannot be given to anybody else, or cleans it with null. */
    public void violate(@Nullable String reason) {
        violation = reason;
    }

    /** Breaks the connection, as the node's end would. */
    public void die() {
        if (open) {
            open = false;
            node.onEnded(this);
            QueryListener asking = pendingQuery;
            IdleListener listener = idleListener;
            if (asking != null) {
                pendingQuery = null;
                asking.onError(RouterErrors.backendLost(target.node()).response());
            } else if (listener != null) {
                listener.onIdleLost(this, RouterErrors.backendLost(target.node()));
            }
        }
    }

    /** Answers the query under way. */
    void answer(List<List<@Nullable String>> rows) {
        QueryListener asking = pendingQuery;
        pendingQuery = null;
        if (asking != null) {
            asking.onRows(rows);
        }
    }

    /** Returns the reason the router gave for closing, or null. */
    public @Nullable String closeReason() {
        return closeReason;
    }

    @Override
    public Settings settings() {
        return settings;
    }

    @Override
    public void noteReset() {
        settings = Settings.NONE;
    }

    @Override
    public @Nullable String releaseViolation() {
        return open ? violation : "closed";
    }

    @Override
    public boolean isOpen() {
        return open;
    }

    @Override
    public void becomeIdle(IdleListener listener) {
        idleListener = listener;
    }

    @Override
    public void query(String sql, int maxRows, QueryListener listener) {
        idleListener = null;
        if (sql.equals("DISCARD ALL")) {
            violation = null;
        }
        pendingQuery = listener;
        node.answer(this, loop, sql);
    }

    @Override
    public void close(String reason) {
        if (open) {
            open = false;
            closeReason = reason;
            node.onEnded(this);
        }
    }

    /** A link nobody listens at: what a fake backend would say is what its node answers. */
    private static final class DeafLink implements BackendLink {
        @Override
        public void write(ByteBuf bytes) {
            bytes.release();
        }

        @Override
        public void flush() {}

        @Override
        public boolean isWritable() {
            return true;
        }

        @Override
        public void setReading(boolean reading) {}

        @Override
        public void close() {}

        @Override
        public ByteBufAllocator allocator() {
            return UnpooledByteBufAllocator.DEFAULT;
        }
    }
}
