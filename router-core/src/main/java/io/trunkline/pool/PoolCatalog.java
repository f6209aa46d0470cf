// SPDX-License-Identifier: Apache-2.0
package io.trunkline.pool;

/** What configuration and topology say of the pools; asked when a pool is made, so answers must be quick and free of I/O. */
@FunctionalInterface
public interface PoolCatalog {
    /** Returns the settings of the pools of one database and user. */
    PoolSettings settings(String cluster, String database, String user);
}
