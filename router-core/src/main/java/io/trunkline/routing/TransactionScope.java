// SPDX-License-Identifier: Apache-2.0
package io.trunkline.routing;

/** In which kind of transaction the next statement runs, as far as the session knows. */
public enum TransactionScope {
    /** Outside a transaction block. */
    NONE,
    /** In a block that may write. */
    READ_WRITE,
    /** In a block declared READ ONLY, by BEGIN, SET TRANSACTION or {@code default_transaction_read_only}. */
    READ_ONLY
}
