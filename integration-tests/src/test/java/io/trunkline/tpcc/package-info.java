// SPDX-License-Identifier: Apache-2.0
/**
 * An application that knows nothing of shards: TPC-C's tables, its five transactions and its conditions of consistency, as plain JDBC.
 *
 * <p>Start reading at {@link io.trunkline.tpcc.TpccIT}, which runs it on one server and through routers over 2 and 4 shards. Only that class and {@link
 * io.trunkline.tpcc.TpccServers} know that there are any.
 *
 * @see <a href="https://www.tpc.org/tpc_documents_current_versions/pdf/tpc-c_v5.11.0.pdf">TPC Benchmark C, revision 5.11</a>
 */
@NullMarked
package io.trunkline.tpcc;

import org.jspecify.annotations.NullMarked;
