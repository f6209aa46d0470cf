// SPDX-License-Identifier: Apache-2.0
package io.trunkline.topology;

/**
 * One PostgreSQL server.
 *
 * @param name unique in its cluster
 * @param host host name or address literal
 * @param port TCP port
 * @param role declared role
 * @param weight relative share of reads, from 0 for none to {@link #WEIGHT_MAX}
 * @param zone where it stands; empty when unknown
 */
public record Node(String name, String host, int port, NodeRole role, int weight, String zone) {
    /** PostgreSQL's port unless the document says otherwise. */
    public static final int PORT_DEFAULT = 5432;

    /** The weight unless the document says otherwise. */
    public static final int WEIGHT_DEFAULT = 1;

    /** The largest weight. */
    public static final int WEIGHT_MAX = 1000;
}
