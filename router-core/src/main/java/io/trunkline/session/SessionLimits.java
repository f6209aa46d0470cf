// SPDX-License-Identifier: Apache-2.0
package io.trunkline.session;

/**
 * Limits of one session.
 *
 * @param inspectedBytesMax bytes of one client message that are held to be looked at; the rest of a longer one streams
 * @param heldBytesMax bytes of requests held while their destination is unknown; beyond it they are dispatched as they are
 * @param messageBytesMax bytes of one client message, type and length not counted
 * @param statementsMax named prepared statements
 * @param keptBytesMax bytes of statements, settings and portals that one session keeps
 * @param keptPerLoopBytesMax bytes of those that all sessions of an event loop keep, beyond which no client is let in; 0 is no limit
 * @param idleStatementBytesMax bytes of statements that no session uses any more, kept per event loop
 * @param listening what a session that listens may use
 * @param merging what a statement over several shards may use
 */
public record SessionLimits(
        int inspectedBytesMax,
        long messageBytesMax,
        long heldBytesMax,
        int statementsMax,
        long keptBytesMax,
        long keptPerLoopBytesMax,
        long idleStatementBytesMax,
        Listening listening,
        Merging merging) {

    /**
     * Limits of one statement over several shards.
     *
     * @param rowBytesMax bytes of one row of a shard
     * @param memoryBytesMax bytes of groups or rows that must be kept before the first can be passed on
     */
    public record Merging(int rowBytesMax, long memoryBytesMax) {
        /** The defaults. */
        public static final Merging DEFAULT = new Merging(16 * 1024 * 1024, 64L * 1024 * 1024);
    }

    /**
     * Limits of one session that listens.
     *
     * @param channelsMax channels it listens to, and channels one transaction may change; 1 or more
     * @param notificationsMax notifications that wait until they may be delivered; beyond it the session ends
     * @param notificationBytesMax bytes of those together
     */
    public record Listening(int channelsMax, int notificationsMax, long notificationBytesMax) {
        /** The defaults. */
        public static final Listening DEFAULT = new Listening(1_000, 1_000, 1024 * 1024);
    }

    /** The defaults. */
    public static final SessionLimits DEFAULT = new SessionLimits(
            1024 * 1024,
            1L << 30,
            4L * 1024 * 1024,
            10_000,
            64L * 1024 * 1024,
            256L * 1024 * 1024,
            16L * 1024 * 1024,
            Listening.DEFAULT,
            Merging.DEFAULT);
}
