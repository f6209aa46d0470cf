// SPDX-License-Identifier: Apache-2.0
package io.trunkline.tpcc;

import io.trunkline.tpcc.TpccTransaction.Profile;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.function.BooleanSupplier;

/**
 * A terminal of a warehouse, which runs one transaction after the other, without pauses, in the mix of clause 5.2.4: of 23 cards in random order, ten are
 * new orders and ten are payments. Not thread-safe.
 */
final class Terminal {
    /** What PostgreSQL says to who may try again: serialization_failure and deadlock_detected. */
    private static final Set<String> REPEATABLE = Set.of("40001", "40P01");

    private static final int TRIES_MAX = 20;

    private final int warehouse;
    private final int district;
    private final TpccRandom random;
    private final Cardinalities cardinalities;
    private final TpccTally tally;
    private final List<Profile> deck = new ArrayList<>();

    Terminal(int number, long seed, Cardinalities cardinalities, TpccTally tally) {
        this.warehouse = number % cardinalities.warehouses() + 1;
        this.district = number / cardinalities.warehouses() % Cardinalities.DISTRICTS + 1;
        this.random = new TpccRandom(seed + number);
        this.cardinalities = cardinalities;
        this.tally = tally;
    }

    /** Runs transactions for as long as it is to; ends early when one fails. */
    void run(TpccSession session, BooleanSupplier goesOn) {
        while (goesOn.getAsBoolean()) {
            TpccTransaction transaction = draw();
            try {
                run(session, transaction);
            } catch (SQLException | RuntimeException e) {
                tally.failed(transaction.profile(), e);
                return;
            }
        }
    }

    private void run(TpccSession session, TpccTransaction transaction) throws SQLException {
        for (int attempt = 1; ; attempt++) {
            try {
                if (transaction.run(session)) {
                    session.commit();
                    tally.committed(transaction.profile());
                } else {
                    session.rollback();
                    tally.rolledBack();
                }
                return;
            } catch (SQLException e) {
                session.rollback();
                if (attempt == TRIES_MAX || !REPEATABLE.contains(String.valueOf(e.getSQLState()))) {
                    throw e;
                }
                tally.repeated();
            }
        }
    }

    private TpccTransaction draw() {
        if (deck.isEmpty()) {
            deck.addAll(Collections.nCopies(10, Profile.NEW_ORDER));
            deck.addAll(Collections.nCopies(10, Profile.PAYMENT));
            deck.addAll(List.of(Profile.ORDER_STATUS, Profile.DELIVERY, Profile.STOCK_LEVEL));
            random.shuffle(deck);
        }
        return switch (deck.remove(deck.size() - 1)) {
            case NEW_ORDER -> NewOrder.draw(random, warehouse, cardinalities);
            case PAYMENT -> Payment.draw(random, warehouse, cardinalities);
            case ORDER_STATUS -> OrderStatus.draw(random, warehouse, cardinalities);
            case DELIVERY -> Delivery.draw(random, warehouse);
            case STOCK_LEVEL -> StockLevel.draw(random, warehouse, district);
        };
    }
}
