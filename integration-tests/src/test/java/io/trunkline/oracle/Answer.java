// SPDX-License-Identifier: Apache-2.0
package io.trunkline.oracle;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import io.trunkline.oracle.Statement.Order;
import io.trunkline.router.ServerMessage;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * All a server said up to ReadyForQuery, in a form in which two servers with the same rows say the same: rows that have no order are sorted, of an error
 * only the SQLSTATE is left, and what may come at any time is dropped.
 */
final class Answer {
    private static final Pattern REFUSAL = Pattern.compile("(TL\\d{4}): .*", Pattern.DOTALL);
    private static final Pattern ERROR_OF_A_ROW = Pattern.compile("E ERROR 2[23]\\w{3}");
    private static final String ASYNCHRONOUS = "NSA";

    private final List<String> compared = new ArrayList<>();
    private final List<String> shown = new ArrayList<>();
    private String refusal = "";
    private char status = '?';

    private Answer() {}

    /** Returns the answer to statements, of which each has its own order of rows. */
    static Answer of(List<ServerMessage> messages, List<Order> orders) {
        Answer answer = new Answer();
        List<ServerMessage> rows = new ArrayList<>();
        int statement = 0;
        for (ServerMessage message : messages) {
            if (message.type() == 'D' || message.type() == 'd') {
                rows.add(message);
                continue;
            }
            answer.addRows(rows, orders.get(Math.min(statement, orders.size() - 1)));
            rows.clear();
            if (ASYNCHRONOUS.indexOf(message.type()) < 0) {
                answer.add(message);
            }
            if (message.type() == 'C' || message.type() == 'I') {
                statement++;
            }
        }
        return answer;
    }

    private void addRows(List<ServerMessage> rows, Order order) {
        List<String> bytes = new ArrayList<>();
        for (ServerMessage row : rows) {
            bytes.add(row.type() + new String(row.body(), ISO_8859_1));
            shown.add(row.toString());
        }
        if (order == Order.ANY) {
            Collections.sort(bytes);
        }
        compared.addAll(bytes);
    }

    private void add(ServerMessage message) {
        shown.add(message.toString());
        if (message.type() == 'E') {
            compared.add("E " + message.fields().get('S') + " " + message.sqlState());
            Matcher matcher = REFUSAL.matcher(message.fields().getOrDefault('D', ""));
            if (matcher.matches()) {
                refusal = matcher.group(1);
            }
        } else {
            compared.add(message.toString());
            if (message.isReadyForQuery()) {
                status = message.status();
            }
        }
    }

    boolean isRefused() {
        return !refusal.isEmpty();
    }

    /** Returns the stable code of the refusal; empty when there is none. */
    String refusal() {
        return refusal;
    }

    /** Returns the transaction status. */
    char status() {
        return status;
    }

    boolean saysTheSameAs(Answer other) {
        return compared.equals(other.compared);
    }

    /** Returns true when both are the same but for the error, which is one about a value or a constraint in both. */
    boolean failsAsTheOther(Answer other) {
        if (compared.size() != other.compared.size()) {
            return false;
        }
        for (int i = 0; i < compared.size(); i++) {
            String one = compared.get(i);
            boolean bothOfARow = ERROR_OF_A_ROW.matcher(one).matches()
                    && ERROR_OF_A_ROW.matcher(other.compared.get(i)).matches();
            if (!one.equals(other.compared.get(i)) && !bothOfARow) {
                return false;
            }
        }
        return true;
    }

    @Override
    public String toString() {
        return String.join("\n      ", shown);
    }
}
