// SPDX-License-Identifier: Apache-2.0
package io.trunkline.backend;

/**
 * Whom a backend connection is opened to and as whom: one node, one database, one user.
 *
 * @param cluster the cluster's name, for metrics and logs
 * @param node the node's name in the topology
 * @param host host name or address literal
 * @param port TCP port
 * @param database the database's name on the node
 * @param user the role the router logs in as
 */
public record BackendTarget(String cluster, String node, String host, int port, String database, String user) {}
