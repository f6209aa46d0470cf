// SPDX-License-Identifier: Apache-2.0
package io.trunkline.routing;

/** What a statement does with the values of the shard key. */
enum KeyUse {
    /** Compares the key with them: a value without a shard, or NULL, matches no row. */
    COMPARED,
    /** Stores them as keys of new rows: each needs a shard of its own. */
    STORED
}
