// SPDX-License-Identifier: Apache-2.0
package io.trunkline.topology;

/**
 * A database as clients see it.
 *
 * @param name as clients call it when they connect
 * @param cluster the cluster that holds it
 * @param backendName its name on every node of the cluster
 */
public record Database(String name, String cluster, String backendName) {}
