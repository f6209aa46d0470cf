// SPDX-License-Identifier: Apache-2.0
package io.trunkline.scatter;

/**
 * A query over several shards that was left in the middle: the client has got as many rows as it asked for, and may ask for more.
 *
 * <p>Its portals stay open on the shards until the transaction ends. Keeps the rows that they have sent and the client has not got. Confined to one event loop.
 */
public final class SuspendedQuery {
    private final ScatterStatement statement;
    private final ShardRun run;
    private final String portal;

    SuspendedQuery(ScatterStatement statement, ShardRun run, String portal) {
        this.statement = statement;
        this.run = run;
        this.portal = portal;
    }

    ScatterStatement statement() {
        return statement;
    }

    ShardRun run() {
        return run;
    }

    /** Returns the name of its portals on the shards. */
    public String portal() {
        return portal;
    }

    /** Returns how many bytes of rows lie here. */
    public long queuedBytes() {
        return run.queuedBytes();
    }

    /** It will not be gone on with. */
    public void close() {
        run.close();
    }
}
