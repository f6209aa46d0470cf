// SPDX-License-Identifier: Apache-2.0
package io.trunkline.tpcc;

import io.trunkline.tpcc.TpccTransaction.Profile;
import java.sql.SQLException;
import java.util.EnumMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.postgresql.util.PSQLException;
import org.postgresql.util.ServerErrorMessage;

/** What became of the transactions of terminals. Thread-safe. */
final class TpccTally {
    private static final Pattern REFUSAL = Pattern.compile("TL\\d{4}");

    private final Map<Profile, Integer> committed = new EnumMap<>(Profile.class);
    private final Map<String, Integer> errors = new TreeMap<>();
    private int rolledBack;
    private int repeated;

    synchronized void committed(Profile profile) {
        committed.merge(profile, 1, Integer::sum);
    }

    /** A new order asked for an item that there is not. */
    synchronized void rolledBack() {
        rolledBack++;
    }

    /** The server said that the transaction might succeed when it is run again. */
    synchronized void repeated() {
        repeated++;
    }

    /** A transaction failed, and nothing of the kind is expected. */
    synchronized void failed(Profile profile, Exception failure) {
        errors.merge(profile + ": " + code(failure), 1, Integer::sum);
    }

    /** Returns the SQLSTATE, the code of a refusal where it is one, and the message. */
    private static String code(Exception failure) {
        if (!(failure instanceof SQLException sql)) {
            return failure.toString();
        }
        String refusal = "";
        if (failure instanceof PSQLException told) {
            ServerErrorMessage message = told.getServerErrorMessage();
            Matcher matcher = REFUSAL.matcher(message == null ? "" : String.valueOf(message.getDetail()));
            refusal = matcher.find() ? matcher.group() + " " : "";
        }
        return sql.getSQLState() + " " + refusal + failure.getMessage();
    }

    synchronized int committedCount(Profile profile) {
        return committed.getOrDefault(profile, 0);
    }

    synchronized int committedCount() {
        return committed.values().stream().mapToInt(Integer::intValue).sum();
    }

    synchronized int rolledBackCount() {
        return rolledBack;
    }

    /** Returns the failures with their counts. */
    synchronized Map<String, Integer> errors() {
        return Map.copyOf(errors);
    }

    @Override
    public synchronized String toString() {
        return "committed " + committed + ", rolled back " + rolledBack + ", run again " + repeated + ", failed "
                + errors;
    }
}
