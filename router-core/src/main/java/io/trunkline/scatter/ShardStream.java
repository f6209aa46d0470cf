// SPDX-License-Identifier: Apache-2.0
package io.trunkline.scatter;

import io.netty.buffer.ByteBuf;
import io.trunkline.backend.BackendConnection;
import io.trunkline.backend.BackendConnector;
import io.trunkline.backend.BackendHolder;
import io.trunkline.backend.CancelSettling;
import io.trunkline.backend.ExpectedReplies.Action;
import io.trunkline.backend.ExpectedReplies.Kind;
import io.trunkline.pool.Lease;
import io.trunkline.wire.ErrorResponse;
import io.trunkline.wire.FrontendWriter;
import io.trunkline.wire.StatementOrPortal;
import io.trunkline.wire.TransactionStatus;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The part that one shard has in a {@link ScatteredQuery}: a leased backend, what is sent to it, and the messages it answers with.
 *
 * <p>Owns the lease until {@link #release} or {@link #discard}.
 */
final class ShardStream implements BackendHolder, MessageAssembler.Listener {
    private static final byte[] NO_NAME = {};

    /** Hears what a shard answers; buffers are borrowed. */
    interface Listener {
        void onRows(ShardStream shard, ByteBuf buffer, int index, int length);

        void onMessage(ShardStream shard, byte tag, ByteBuf buffer, int index, int length);

        void onOversized(ShardStream shard, long messageBytes);

        /** All that was asked has been answered. */
        void onQuiet(ShardStream shard);

        /** The backend is gone, and the lease with it. */
        void onLost(ShardStream shard, ErrorResponse cause);

        /** All bytes that were there have been read. */
        void onReadComplete();

        /** It takes bytes again. */
        default void onWritable() {
            // Most are sent one group, of a size that the session has held already.
        }
    }

    private final int index;
    private final Lease lease;
    private final BackendConnection backend;
    private final BackendConnector connector;
    private final MessageAssembler assembler;
    private final Listener listener;
    /** Whether the transaction it is in goes on behind it. */
    private final boolean within;

    private boolean held = true;
    private boolean failed;
    private boolean bound;

    /** Attaches to the leased backend. */
    ShardStream(
            int index,
            Lease lease,
            BackendConnector connector,
            int messageBytesMax,
            boolean within,
            Listener listener) {
        this.within = within;
        this.index = index;
        this.lease = lease;
        this.backend = lease.backend();
        this.connector = connector;
        this.assembler = new MessageAssembler(backend.link().allocator(), messageBytesMax);
        this.listener = listener;
        backend.attach(this);
    }

    /** Returns its number among the shards of the query, from 0. */
    int index() {
        return index;
    }

    /** Returns the node's name. */
    String node() {
        return backend.target().node();
    }

    /** Returns the backend. */
    BackendConnection backend() {
        return backend;
    }

    /** Returns true while it owes answers. */
    boolean isBusy() {
        return held && !(backend.expected().isEmpty() && !backend.expected().isSkipping());
    }

    /** Returns true while there is something to cancel. */
    boolean isRunning() {
        return !failed && isBusy();
    }

    /** It has answered with an error: only the ReadyForQuery is to come. */
    void failed() {
        failed = true;
    }

    /** It has described the rows that it is about to return. */
    void bound() {
        bound = true;
    }

    boolean isBound() {
        return bound;
    }

    /** Asks what parameters a statement takes and what columns it returns. */
    void describe(byte[] sql, int[] parameterTypes) {
        ByteBuf out = begin(sql, parameterTypes);
        FrontendWriter.describeStatement(out, NO_NAME);
        backend.expected().add(Kind.DESCRIBE_STATEMENT, Action.FORWARD, null);
        sync(out);
    }

    /** As the other, by the unnamed portal. */
    void run(byte[] sql, int[] parameterTypes, ByteBuf bind, int rowsMax) {
        run(sql, parameterTypes, bind, "", rowsMax);
    }

    /**
     * Runs a statement.
     *
     * @param bind the whole Bind for the portal and the unnamed statement; borrowed, and kept until it is sent
     * @param rowsMax as in Execute, 0 for all
     */
    void run(byte[] sql, int[] parameterTypes, ByteBuf bind, String portal, int rowsMax) {
        execute(bind(sql, parameterTypes, bind, portal), portal, rowsMax);
    }

    /** As {@link #run}, but asks for no rows yet: the portal is open. */
    void open(byte[] sql, int[] parameterTypes, ByteBuf bind, String portal) {
        sync(bind(sql, parameterTypes, bind, portal));
    }

    /** Returns what is to be sent last. */
    private ByteBuf bind(byte[] sql, int[] parameterTypes, ByteBuf bind, String portal) {
        backend.link().write(begin(sql, parameterTypes));
        // A slice has no room: what is written next would otherwise be put behind it, in a buffer that all shards
        // share.
        backend.link().write(bind.retainedSlice());
        backend.expected().add(Kind.BIND, Action.FORWARD, null);
        ByteBuf out = backend.link().allocator().buffer(32);
        FrontendWriter.describe(out, StatementOrPortal.Kind.PORTAL, portal);
        backend.expected().add(Kind.DESCRIBE_PORTAL, Action.FORWARD, null);
        return out;
    }

    private void execute(ByteBuf out, String portal, int rowsMax) {
        FrontendWriter.execute(out, portal, rowsMax);
        backend.expected().add(Kind.EXECUTE, Action.FORWARD, null);
        sync(out);
    }

    /** Asks for more rows of a portal that is open. */
    void runOn(String portal, int rowsMax) {
        execute(backend.link().allocator().buffer(64), portal, rowsMax);
    }

    /** Runs a statement by simple protocol, as COPY is run. */
    void query(byte[] sql) {
        ByteBuf out = backend.link().allocator().buffer(sql.length + 6);
        FrontendWriter.query(out, sql);
        backend.statements().forgetUnnamed();
        backend.expected().add(Kind.QUERY, Action.FORWARD, null);
        backend.link().write(out);
        backend.link().flush();
    }

    /** Returns true while it reads the data of a COPY. */
    boolean isCopyingIn() {
        return held && backend.expected().isCopyingIn();
    }

    /** Sends data of a COPY, or its end. */
    void copy(ByteBuf messages) {
        if (isCopyingIn()) {
            backend.link().write(messages);
            backend.link().flush();
        } else {
            // It has failed, and passes over what it is sent.
            messages.release();
        }
    }

    /** Sends the last message of a COPY; the data have been sent. */
    void endCopy(ByteBuf message) {
        boolean copying = isCopyingIn();
        copy(message);
        if (copying) {
            backend.expected().add(Kind.COPY_END, Action.FORWARD, null);
        }
    }

    /** Returns false while more than enough waits to be sent. */
    boolean isWritable() {
        return !held || backend.link().isWritable();
    }

    private ByteBuf begin(byte[] sql, int[] parameterTypes) {
        ByteBuf out = backend.link().allocator().buffer(sql.length + 256);
        backend.statements().forgetUnnamed();
        FrontendWriter.parse(out, NO_NAME, sql, parameterTypes);
        backend.expected().add(Kind.PARSE, Action.FORWARD, null);
        return out;
    }

    /** Opens a transaction ahead of what is run next. */
    void begin() {
        ByteBuf out = backend.link().allocator().buffer(16);
        FrontendWriter.query(out, "BEGIN");
        backend.statements().forgetUnnamed();
        backend.expected().add(Kind.QUERY, Action.SWALLOW, null);
        backend.link().write(out);
    }

    /** Asks something of the router's own by a simple query; the answer's messages are passed on as all others are. */
    void ask(String sql) {
        ByteBuf out = backend.link().allocator().buffer(sql.length() + 6);
        FrontendWriter.query(out, sql);
        backend.statements().forgetUnnamed();
        backend.expected().add(Kind.QUERY, Action.FORWARD, null);
        backend.link().write(out);
        backend.link().flush();
    }

    private void sync(ByteBuf out) {
        FrontendWriter.sync(out);
        backend.expected().add(Kind.SYNC, Action.FORWARD, null);
        backend.link().write(out);
        backend.link().flush();
    }

    /** Stops or resumes reading answers. */
    void setReading(boolean reading) {
        if (held) {
            backend.link().setReading(reading);
        }
    }

    /** Asks the node to cancel what runs; {@code delivered} runs when the node has the request, or never will. */
    void cancel(Runnable delivered) {
        CancelSettling cancels = backend.cancels();
        cancels.onSent();
        connector.cancel(backend, end -> {
            cancels.onEnded(end);
            delivered.run();
        });
    }

    /** Leaves the backend to another holder, until it is given back. */
    void detach() {
        assembler.close();
        backend.detach(this);
    }

    /** Gives the backend back, rolled back if need be; it must not be busy. */
    void release() {
        if (held) {
            letGo();
            backend.cancels().settle(this::rollBackAndRelease);
        }
    }

    private void rollBackAndRelease() {
        if (!backend.isOpen()) {
            lease.discard("lost");
        } else if (within || backend.status() == TransactionStatus.IDLE) {
            lease.release();
        } else {
            backend.query("ROLLBACK", 1, new BackendConnection.QueryListener() {
                @Override
                public void onRows(List<List<@Nullable String>> rows) {
                    lease.release();
                }

                @Override
                public void onError(ErrorResponse error) {
                    lease.discard("rollback failed");
                }
            });
        }
    }

    /** Closes the backend. */
    void discard(String reason) {
        if (held) {
            letGo();
            lease.discard(reason);
        }
    }

    private void letGo() {
        held = false;
        assembler.close();
        backend.detach(this);
    }

    @Override
    public void onRun(ByteBuf buffer, int runIndex, int length) {
        assembler.read(buffer, runIndex, length, this);
    }

    @Override
    public void onSynthesized(ByteBuf messages) {
        // Only an error in other words comes so: no answer of the router's own is among what is owed.
        try {
            assembler.read(messages, messages.readerIndex(), messages.readableBytes(), this);
        } finally {
            messages.release();
        }
    }

    @Override
    public void onRows(ByteBuf buffer, int rowsIndex, int length) {
        listener.onRows(this, buffer, rowsIndex, length);
    }

    @Override
    public void onMessage(byte tag, ByteBuf buffer, int messageIndex, int length) {
        listener.onMessage(this, tag, buffer, messageIndex, length);
    }

    @Override
    public void onOversized(long messageBytes) {
        listener.onOversized(this, messageBytes);
    }

    @Override
    public void onReadyForQuery(TransactionStatus status, boolean failed) {
        // each group is a transaction of its own
    }

    @Override
    public boolean wantsNotification(ByteBuf buffer, int messageIndex, int available) {
        // Sessions that listen have other backends.
        return false;
    }

    @Override
    public void onQuiet() {
        listener.onQuiet(this);
    }

    @Override
    public void onParameterStatus(String name, String value) {
        // What a read changes there is not the session's.
    }

    @Override
    public void onLost(ErrorResponse cause, boolean midMessage) {
        held = false;
        assembler.close();
        lease.discard("lost");
        listener.onLost(this, cause);
    }

    @Override
    public void onReadComplete() {
        listener.onReadComplete();
    }

    @Override
    public void onWritabilityChanged(boolean writable) {
        if (writable) {
            listener.onWritable();
        }
    }
}
