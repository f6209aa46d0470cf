// SPDX-License-Identifier: Apache-2.0
/**
 * The root of the router's core, which holds nothing but this map and {@link io.trunkline.SharedAcrossLoops}.
 *
 * <p>Packages in reading order:
 *
 * <ol>
 *   <li>{@code wire}: bytes to PostgreSQL messages and back
 *   <li>{@code error}: every error the router itself can send
 *   <li>{@code sql}: enough SQL to route
 *   <li>{@code prepared}: which client knows which statement, which backend has it
 *   <li>{@code auth}: SCRAM-SHA-256 and MD5, both ends
 *   <li>{@code backend}: one server connection and the replies it owes
 *   <li>{@code pool}: leases of backends
 *   <li>{@code health}: what the nodes of a cluster are and how far they lag
 *   <li>{@code routing}: pure decisions
 *   <li>{@code merge}: the rows of several shards becoming one stream
 *   <li>{@code relay}: the way between a session and the backends it holds
 *   <li>{@code session}: one client
 *   <li>{@code frontend}: before a session exists
 *   <li>{@code transport}: the only Netty channel code
 *   <li>{@code metrics}: what is counted
 * </ol>
 */
@NullMarked
package io.trunkline;

import org.jspecify.annotations.NullMarked;
