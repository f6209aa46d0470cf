// SPDX-License-Identifier: Apache-2.0
package io.trunkline.scatter;

import io.trunkline.routing.RoutingTable;
import io.trunkline.sql.CopyShape;

/**
 * A COPY FROM that is to be run on all shards of a cluster.
 *
 * @param statement as the client sent it
 * @param shape which table it is for
 * @param table the shards and tables of the cluster
 * @param readable whether the client's encoding lets data be read byte by byte
 * @param utf8 whether the data are in UTF8 unless the statement says something else
 * @param waitsForSync whether it was sent by extended protocol, where another statement could follow in the same transaction
 */
public record CopyInPlan(
        ScatterStatement statement,
        CopyShape shape,
        RoutingTable table,
        boolean readable,
        boolean utf8,
        boolean waitsForSync) {}
