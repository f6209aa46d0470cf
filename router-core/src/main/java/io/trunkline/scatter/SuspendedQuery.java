// SPDX-License-Identifier: Apache-2.0
package io.trunkline.scatter;

import io.netty.buffer.ByteBuf;

/**
 * A query over several shards that was left in the middle: the client has got as many rows as it asked for, none yet of a cursor, and may ask for more.
 *
 * <p>Its portals stay open on the shards until the transaction ends. Keeps the rows that they have sent and the client has not got. Confined to one event loop.
 */
public final class SuspendedQuery {
    private final ScatterStatement statement;
    private final Described columns;
    private final ScatteredRows.Rest rest;

    private SuspendedQuery(ScatterStatement statement, Described columns, ScatteredRows.Rest rest) {
        this.statement = statement;
        this.columns = columns;
        this.rest = rest;
    }

    /**
     * Returns one that outlives the client's Bind: only a cursor's, which is its own, is needed any more.
     *
     * @param columns what the statement returns
     */
    static SuspendedQuery of(ScatterStatement statement, Described columns, ScatteredRows.Rest rest) {
        boolean needsParameters = rest.run().finish() != null && !rest.run().isAsked();
        return new SuspendedQuery(
                needsParameters ? statement : statement.withoutBind(), columns.as(statement::format), rest);
    }

    /** Returns it as it is left once more. */
    SuspendedQuery leftAt(ScatteredRows.Rest later) {
        return new SuspendedQuery(statement.withoutBind(), columns, later);
    }

    ScatterStatement statement() {
        return statement;
    }

    /** Appends the RowDescription of its rows, in the formats of its portal. */
    public void writeRowDescription(ByteBuf out) {
        out.writeBytes(columns.message());
    }

    ShardRun run() {
        return rest.run();
    }

    /** Returns the name of its portals on the shards. */
    public String portal() {
        return rest.portal();
    }

    /** Returns how many bytes it keeps, roughly: rows and groups, parameters, its text and what the shards are told in its place. */
    public long keptBytes() {
        return rest.run().keptBytes() + statement.bindBytes() + 2L * statement.sql().length;
    }

    /** It will not be gone on with. */
    public void close() {
        rest.run().close();
    }
}
