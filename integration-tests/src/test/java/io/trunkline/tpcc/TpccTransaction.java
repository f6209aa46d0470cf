// SPDX-License-Identifier: Apache-2.0
package io.trunkline.tpcc;

import java.sql.SQLException;

/** One transaction with its input, drawn once: it is run again with the same when the server says that it might succeed then. */
interface TpccTransaction {
    /** The five profiles. */
    enum Profile {
        NEW_ORDER,
        PAYMENT,
        ORDER_STATUS,
        DELIVERY,
        STOCK_LEVEL
    }

    /** Which one it is. */
    Profile profile();

    /**
     * Runs it from its first statement to its last.
     *
     * @return true to commit, false to roll back
     */
    boolean run(TpccSession session) throws SQLException;
}
