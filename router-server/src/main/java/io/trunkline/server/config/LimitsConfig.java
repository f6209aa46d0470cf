// SPDX-License-Identifier: Apache-2.0
package io.trunkline.server.config;

/** What one client, one node or the router may use at most. */
public record LimitsConfig(
        @Setting(value = "Most clients at a time; more get 53300.", byDefault = "10000", range = "1..1000000")
        int sessions,

        @Setting(
                value = "Most connections that have not logged in yet, per event loop; beyond it the oldest is closed.",
                byDefault = "1000",
                range = "1..1000000")
        int unauthenticatedPerLoop,

        @Setting(
                value =
                        "Most cancel requests at a time, each from when it has been read until it has reached its node or router; more are dropped without a word, as PostgreSQL drops what it cannot use.",
                byDefault = "1000",
                range = "1..1000000")
        int cancels,

        @Setting(
                value =
                        "Most cancel requests at a time from one address; behind a load balancer that hides its clients they all share one.",
                byDefault = "200",
                range = "1..1000000")
        int cancelsPerAddress,

        @Setting(
                value =
                        "Most cancel requests on their way to other routers at a time; keep it below limits.cancels_per_address of those.",
                byDefault = "100",
                range = "1..1000000")
        int cancelForwards,

        @Setting(
                value = "Most backends to one node at a time, over all databases, users and event loops.",
                byDefault = "100",
                range = "1..100000")
        int backendsPerNode,

        @Setting(
                value =
                        "Most bytes of one message that are read to be routed. A larger Query goes to the primary where there is one shard and is refused where there are several; a larger Bind needs its shard key within them; a larger Parse is refused.",
                byDefault = "1MiB",
                range = "16KiB..256MiB")
        ByteSize inspectedMessage,

        @Setting(
                value =
                        "Most bytes of one message of a client, be it looked at or not; a larger one ends its connection with 54000, beyond 1 GiB with 08P01.",
                byDefault = "1GiB",
                range = "16KiB..1GiB")
        ByteSize message,

        @Setting(
                value =
                        "Most bytes of one client kept in the router before it is known where they go; beyond it they are sent on without waiting for more, and not read from the client until a backend is there.",
                byDefault = "4MiB",
                range = "16KiB..256MiB")
        ByteSize heldBytes,

        @Setting(
                value = "Most named prepared statements one client may have.",
                byDefault = "10000",
                range = "1..1000000")
        int statementsPerSession,

        @Setting(
                value =
                        "Most bytes of named prepared statements, settings and portals the router keeps for one client; beyond it whatever would add to them gets 53200.",
                byDefault = "64MiB",
                range = "64KiB..1GiB")
        ByteSize keptPerSession,

        @Setting(
                value =
                        "Bytes of prepared statements, settings and portals kept for the clients of one event loop beyond which new clients get 53200; a statement that several clients use counts once. 0B is no limit.",
                byDefault = "256MiB",
                range = "0B..1024GiB")
        ByteSize keptPerLoop,

        @Setting(
                value = "Most prepared statements kept on one backend; the least recently used are closed.",
                byDefault = "500",
                range = "1..100000")
        int statementsPerBackend,

        @Setting(
                value = "Most replies one backend may owe; then reading from its client stops.",
                byDefault = "16384",
                range = "16..1000000")
        int expectedReplies,

        @Setting(
                value =
                        "Most bytes of prepared statements that no client uses any more, kept per event loop for the next one that prepares them.",
                byDefault = "16MiB",
                range = "0B..1GiB")
        ByteSize idleStatements,

        @Setting(
                value =
                        "Most channels one client may LISTEN to, and most changes to them in one transaction, while it shares a listening backend; beyond it LISTEN fails with 54000.",
                byDefault = "1000",
                range = "1..1000000")
        int channelsPerSession,

        @Setting(
                value =
                        "Most notifications that wait until one client may be told, which it is not in a transaction or while it does not read; beyond it the client is closed with 53200.",
                byDefault = "1000",
                range = "1..1000000")
        int notifications,

        @Setting(
                value =
                        "Most bytes of the notifications that wait for one client; beyond it the client is closed with 53200.",
                byDefault = "1MiB",
                range = "16KiB..1GiB")
        ByteSize notificationBytes,

        @Setting(
                value =
                        "Most bytes of one row in a statement over several shards; a longer one fails the statement with 54000.",
                byDefault = "16MiB",
                range = "64KiB..1GiB")
        ByteSize mergedRow,

        @Setting(
                value =
                        "Most bytes of groups that one statement over several shards may keep where it orders them by an aggregate or computes expressions over aggregates, array_agg and the like among them; beyond it the statement fails with 53200.",
                byDefault = "64MiB",
                range = "64KiB..64GiB")
        ByteSize mergeMemory) {}
