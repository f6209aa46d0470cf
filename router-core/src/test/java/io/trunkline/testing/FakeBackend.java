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
import io.trunkline.backend.ExpectedReplies.Action;
import io.trunkline.backend.ExpectedReplies.Kind;
import io.trunkline.backend.ReportedParameters;
import io.trunkline.backend.Settings;
import io.trunkline.wire.BackendKey;
import io.trunkline.wire.BackendWriter;
import io.trunkline.wire.FrontendTag;
import io.trunkline.wire.TransactionStatus;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The node's end of a real {@link BackendConnection}: does what its {@link FakeNode} does, and what the test says. */
public final class FakeBackend implements BackendLink {
    private final FakeNode node;
    private final EventLoopClock loop;
    private final BackendConnection connection;
    private boolean open = true;

    FakeBackend(FakeNode node, EventLoopClock loop, BackendTarget target) {
        this.node = node;
        this.loop = loop;
        this.connection = new BackendConnection(
                target, this, new BackendKey(1, new byte[4]), ReportedParameters.NONE, BackendLimits.DEFAULT, loop);
    }

    /** Returns the fake behind a connection that a {@link FakeNode} accepted. */
    public static FakeBackend of(BackendConnection connection) {
        return (FakeBackend) connection.link();
    }

    /** Returns the router's end. */
    public BackendConnection connection() {
        return connection;
    }

    /** Returns true while neither end has closed. */
    public boolean isOpen() {
        return open;
    }

    /** Lets the backend carry these settings. */
    public void carry(Settings carried) {
        connection.noteSettings(carried);
    }

    /** Leaves the backend in a state in which it cannot be given to anybody else. */
    public void leaveReplyOutstanding() {
        connection.expected().add(Kind.SYNC, Action.FORWARD, null);
    }

    /** Breaks the connection, as the node's end would. */
    public void die() {
        if (open) {
            end();
            connection.onClosed();
        }
    }

    /** Answers the query under way with rows of text. */
    void answer(List<List<@Nullable String>> rows) {
        ByteBuf out = allocator().buffer();
        try {
            for (List<@Nullable String> row : rows) {
                BackendWriter.dataRow(out, row);
            }
            BackendWriter.commandComplete(out, "SELECT " + rows.size());
            BackendWriter.readyForQuery(out, TransactionStatus.IDLE);
            connection.onBytes(out);
        } finally {
            out.release();
        }
    }

    @Override
    public void write(ByteBuf bytes) {
        try {
            while (bytes.isReadable()) {
                byte tag = bytes.readByte();
                int length = bytes.readInt() - 4;
                if (tag == FrontendTag.QUERY) {
                    String sql = bytes.toString(bytes.readerIndex(), length - 1, StandardCharsets.UTF_8);
                    node.answer(this, loop, sql);
                }
                bytes.skipBytes(length);
            }
        } finally {
            bytes.release();
        }
    }

    @Override
    public void flush() {
        // written at once
    }

    @Override
    public boolean isWritable() {
        return true;
    }

    @Override
    public void setReading(boolean reading) {
        // answers come one by one
    }

    @Override
    public void close() {
        end();
    }

    @Override
    public SocketAddress address() {
        return new InetSocketAddress("192.0.2.1", 5432);
    }

    @Override
    public ByteBufAllocator allocator() {
        return UnpooledByteBufAllocator.DEFAULT;
    }

    private void end() {
        if (open) {
            open = false;
            node.onEnded(this);
        }
    }
}
