// SPDX-License-Identifier: Apache-2.0
package io.trunkline.session;

import io.trunkline.backend.Settings;
import io.trunkline.sql.SessionCommand;
import io.trunkline.sql.TransactionMode;
import io.trunkline.sql.TransactionMode.Choice;
import java.util.Locale;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What a session's transactions are unless they say otherwise, as far as routing must know.
 *
 * @param serializable whether they may be SERIALIZABLE, which a replica refuses
 * @param readOnly whether they are surely READ ONLY, so that a replica may serve a whole one
 */
record TransactionDefaults(boolean serializable, boolean readOnly) {
    private static final TransactionDefaults PLAIN = new TransactionDefaults(false, false);
    private static final TransactionMode MAY_WRITE = new TransactionMode(Choice.NO, Choice.UNSAID, Choice.UNSAID);
    private static final TransactionMode SERIALIZABLE = new TransactionMode(Choice.UNSAID, Choice.YES, Choice.UNSAID);
    private static final Pattern ON = Pattern.compile("\\b(on|true|yes|1)\\b");

    static TransactionDefaults of(Settings settings) {
        String isolation = text(settings.get("default_transaction_isolation"));
        String readOnly = value(text(settings.get("default_transaction_read_only")));
        if (isolation.isEmpty() && readOnly.isEmpty()) {
            return PLAIN;
        }
        return new TransactionDefaults(
                isolation.contains("serializable"), ON.matcher(readOnly).find());
    }

    /** Returns true for a parameter that SET gives the open transaction alone, whatever it says of LOCAL, and that cannot be reset. */
    static boolean isOfTransaction(String name) {
        return switch (name) {
            case "transaction_isolation", "transaction_read_only", "transaction_deferrable" -> true;
            default -> false;
        };
    }

    /** Returns what SET of a parameter makes of the open transaction, at most. */
    static TransactionMode said(SessionCommand.Set set) {
        String value = set.rawValue().toLowerCase(Locale.ROOT);
        return switch (set.name()) {
            case "transaction_read_only" -> MAY_WRITE;
            case "transaction_isolation" -> value.contains("serializable") ? SERIALIZABLE : TransactionMode.UNSAID;
            default -> TransactionMode.UNSAID;
        };
    }

    /** Returns what RESET of a parameter makes of the open transaction, at most. */
    static TransactionMode reset(SessionCommand.Reset reset) {
        return reset.name().equals("transaction_read_only") ? MAY_WRITE : TransactionMode.UNSAID;
    }

    private static String text(@Nullable String command) {
        return command == null ? "" : command.toLowerCase(Locale.ROOT).replaceAll("\\s+", " ");
    }

    /** Returns what stands behind the parameter's name in its command. */
    private static String value(String command) {
        int name = command.indexOf("default_transaction_read_only");
        return name < 0 ? "" : command.substring(name + "default_transaction_read_only".length());
    }
}
