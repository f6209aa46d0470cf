// SPDX-License-Identifier: Apache-2.0
package io.trunkline.scatter;

import io.netty.buffer.ByteBuf;
import io.trunkline.wire.BackendTag;
import io.trunkline.wire.BackendWriter;
import io.trunkline.wire.ParameterDescription;
import java.nio.charset.StandardCharsets;
import java.util.function.IntUnaryOperator;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What the first shard is asked before a statement runs on several: what the client's own words return, then, where columns are added to them, of which
 * types those are.
 *
 * <pre>
 *   client's words ── described ──▶ (columns of FROM ── described ──▶) (parts ── described ──▶) plan
 * </pre>
 *
 * <p>Used by one {@link ScatteredQuery}; confined to its event loop.
 */
final class ScatterPreparation {
    private final ScatterStatement statement;
    private final Supplier<ScatterPlanner> planning;
    private final ShardStream shard;
    private @Nullable ScatterPlanner planner;
    private int[] parameterTypes;
    /** What the client's own words return. */
    private @Nullable Described described;
    /** What was described last; not looked at yet. */
    private @Nullable Described latest;

    /**
     * Prepares to ask.
     *
     * @param shard the first one of the statement
     */
    ScatterPreparation(ScatterStatement statement, Supplier<ScatterPlanner> planning, ShardStream shard) {
        this.statement = statement;
        this.planning = planning;
        this.shard = shard;
        this.parameterTypes = statement.parameterTypes();
    }

    /** Asks what the client's own words return. */
    void begin() {
        planner = planning.get();
        shard.describe(statement.sql(), parameterTypes);
    }

    /** Returns true until the client's own words have been described: an error is about them. */
    boolean isAboutClientsWords() {
        return described == null;
    }

    /** Takes a message of the answer; other messages say nothing. */
    void onMessage(byte tag, ByteBuf buffer, int index, int length) {
        switch (tag) {
            case BackendTag.PARAMETER_DESCRIPTION ->
                parameterTypes =
                        new ParameterDescription().wrap(buffer, index, length).types();
            case BackendTag.ROW_DESCRIPTION -> latest = Described.of(parameterTypes, buffer, index, length);
            case BackendTag.NO_DATA -> latest = Described.noData(parameterTypes);
            default -> {
                // ParseComplete and the like: nothing hangs on them
            }
        }
    }

    /** Returns true when the shard has described what was asked. */
    boolean isAnswered() {
        return latest != null;
    }

    /**
     * The shard has answered what was asked: takes up what it said, and asks what else must be known.
     *
     * @param parsed runs once it is known what the client's own words return
     * @return the plan, or null while there is more to be asked
     * @throws ScatterRefused when there is none
     */
    @Nullable
    ScatterPlan onAnswered(Runnable parsed) {
        Described answer = known(latest);
        latest = null;
        ScatterPlanner steps = known(planner);
        if (described == null) {
            described = answer;
            parameterTypes = answer.parameterTypes();
            parsed.run();
        }
        steps.described(answer);
        String next = steps.next();
        if (next == null) {
            return steps.plan();
        }
        shard.describe(next.getBytes(StandardCharsets.UTF_8), parameterTypes);
        return null;
    }

    /** Returns what the client's own words return; once described. */
    Described described() {
        return known(described);
    }

    /** Returns what is done with the rows of the shards, in the words of EXPLAIN; once begun. */
    String label() {
        return known(planner).label();
    }

    // what the client is told

    /** Appends the ParameterDescription of the client's statement; once described. */
    void writeParameterDescription(ByteBuf out) {
        BackendWriter.parameterDescription(out, parameterTypes);
    }

    /**
     * Appends the RowDescription of the client's statement; once described.
     *
     * @param ofStatement whether a statement is described, whose formats are not known, or else its portal
     */
    void writeRowDescription(ByteBuf out, boolean ofStatement) {
        IntUnaryOperator formats = ofStatement ? column -> 0 : statement::format;
        known(described).write(out, formats);
    }

    /** Returns true when the client's statement returns rows; once described. */
    boolean returnsRows() {
        return !known(described).isNoData();
    }

    private static <T> T known(@Nullable T value) {
        if (value == null) {
            throw new IllegalStateException("answer before its question");
        }
        return value;
    }
}
