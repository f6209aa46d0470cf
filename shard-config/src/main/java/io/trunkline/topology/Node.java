// SPDX-License-Identifier: Apache-2.0
package io.trunkline.topology;

/**
 * One PostgreSQL server.
 *
 * @param name unique in its cluster
 * @param host host name or address literal
 * @param port TCP port
 * @param role declared role
 * @param weight relative share of reads, 0 for none
 * @param zone where it stands; empty when unknown
 */
public record Node(String name, String host, int port, NodeRole role, int weight, String zone) {}
