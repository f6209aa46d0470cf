// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sql;

import io.trunkline.sql.TransactionMode.Choice;
import java.util.Map;
import java.util.TreeMap;

/** Reads the list of transaction modes; of two that contradict each other the last counts, as in PostgreSQL. */
final class TransactionModeReader {
    private final TokenList tokens;

    TransactionModeReader(TokenList tokens) {
        this.tokens = tokens;
    }

    /** Returns the modes of a statement of a kind that has them, {@link TransactionMode#UNSAID} for every other. */
    TransactionMode read(StatementKind kind) {
        return switch (kind) {
            case BEGIN, SET_TRANSACTION, SET_SESSION_CHARACTERISTICS -> read();
            default -> TransactionMode.UNSAID;
        };
    }

    private TransactionMode read() {
        Choice readOnly = Choice.UNSAID;
        Choice serializable = Choice.UNSAID;
        Choice deferrable = Choice.UNSAID;
        for (int i = 1; i < tokens.size(); i++) {
            if (tokens.isSequence(i, "read", "only")) {
                readOnly = Choice.YES;
            } else if (tokens.isSequence(i, "read", "write")) {
                readOnly = Choice.NO;
            } else if (tokens.isSequence(i, "isolation", "level")) {
                serializable = tokens.isWord(i + 2, "serializable") ? Choice.YES : Choice.NO;
            } else if (tokens.isWord(i, "deferrable")) {
                deferrable = tokens.isWord(i - 1, "not") ? Choice.NO : Choice.YES;
            }
        }
        return new TransactionMode(readOnly, serializable, deferrable, isUnderstood());
    }

    /** Returns true for a BEGIN or START TRANSACTION of which every word is known, and for any other statement. */
    private boolean isUnderstood() {
        if (!tokens.isWord(0, "begin", "start")) {
            return true;
        }
        int i = tokens.isWord(1, "transaction") || tokens.isWord(0, "begin") && tokens.isWord(1, "work") ? 2 : 1;
        if (i == 1 && tokens.isWord(0, "start")) {
            return false;
        }
        int first = i;
        while (i < tokens.size()) {
            int mode = i > first && tokens.isCharacter(i, ',') ? i + 1 : i;
            i = behindMode(mode);
            if (i == mode) {
                return false;
            }
        }
        return true;
    }

    /** Returns the index behind the mode that begins at {@code i}; {@code i} when none does. */
    private int behindMode(int i) {
        if (tokens.isSequence(i, "isolation", "level")) {
            return tokens.isWord(i + 2, "serializable")
                    ? i + 3
                    : tokens.isSequence(i + 2, "repeatable", "read")
                                    || tokens.isSequence(i + 2, "read", "committed")
                                    || tokens.isSequence(i + 2, "read", "uncommitted")
                            ? i + 4
                            : i;
        }
        if (tokens.isSequence(i, "read", "only")
                || tokens.isSequence(i, "read", "write")
                || tokens.isSequence(i, "not", "deferrable")) {
            return i + 2;
        }
        return tokens.isWord(i, "deferrable") ? i + 1 : i;
    }

    /** Returns the parameters that SET SESSION CHARACTERISTICS sets, with their values as SQL. */
    Map<String, String> defaults() {
        Map<String, String> defaults = new TreeMap<>();
        TransactionMode mode = read();
        if (mode.readOnly() != Choice.UNSAID) {
            defaults.put("default_transaction_read_only", onOff(mode.readOnly()));
        }
        if (mode.deferrable() != Choice.UNSAID) {
            defaults.put("default_transaction_deferrable", onOff(mode.deferrable()));
        }
        for (int i = 1; i < tokens.size(); i++) {
            if (tokens.isSequence(i, "isolation", "level")) {
                defaults.put("default_transaction_isolation", "'" + level(i + 2) + "'");
            }
        }
        return Map.copyOf(defaults);
    }

    private String level(int i) {
        if (tokens.isWord(i, "serializable")) {
            return "serializable";
        } else if (tokens.isWord(i, "repeatable")) {
            return "repeatable read";
        }
        return tokens.isWord(i + 1, "uncommitted") ? "read uncommitted" : "read committed";
    }

    private static String onOff(Choice choice) {
        return choice == Choice.YES ? "on" : "off";
    }
}
