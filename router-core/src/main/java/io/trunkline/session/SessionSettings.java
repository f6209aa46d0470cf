// SPDX-License-Identifier: Apache-2.0
package io.trunkline.session;

import io.trunkline.backend.Settings;
import io.trunkline.sql.SessionCommand;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The configuration parameters of one session, with the transaction semantics of SET: what a transaction or savepoint changed goes when it
 * is rolled back.
 *
 * <p>The values given at startup are the session's defaults: RESET goes back to them. Confined to the session's event loop.
 */
public final class SessionSettings {
    /** The key of SET ROLE. */
    public static final String ROLE = "role";
    /** The key of SET SESSION AUTHORIZATION. */
    public static final String SESSION_AUTHORIZATION = "session_authorization";

    /** Savepoints tracked in one transaction; beyond it the oldest are forgotten, so a rollback to one of them forgets more than it must. */
    static final int SAVEPOINTS_MAX = 1_000;

    static final String FLOAT_DIGITS = "extra_float_digits";

    private static final String APPLICATION_NAME = "application_name";
    private static final String SELECT = "SELECT ";
    private static final String FOR_SESSION = ", false)";

    private static final String SEARCH_PATH = "search_path";

    /** Of what set_config, or a command that is on its way, has set until the end of the transaction. */
    private static final String UNKNOWN_PATH = "";

    private record Savepoint(
            String name, Settings settings, @Nullable String localPath) {}

    private final Settings startup;
    private boolean floatDigitsLocal;
    private final Deque<Savepoint> savepoints = new ArrayDeque<>(0);
    private Settings committed;
    private Settings current;
    /** The command that set {@code search_path} for the open transaction only, or null. */
    private @Nullable String localPath;

    /** Creates the settings of a session that has just logged in. */
    public SessionSettings(Settings startup) {
        this.startup = startup;
        this.committed = startup;
        this.current = startup;
    }

    /** Returns what statements sent now must find on their backend. */
    public Settings current() {
        return current;
    }

    /** Returns what is left when the open transaction is rolled back. */
    Settings committed() {
        return committed;
    }

    /** Returns true when the open transaction changed something, so that its end matters. */
    public boolean isInFlux() {
        return current != committed || localPath != null || !savepoints.isEmpty();
    }

    /** Returns true when the end of the transaction, or a rollback to a savepoint, changes the search path. */
    boolean isPathInFlux() {
        return localPath != null || !Objects.equals(current.get(SEARCH_PATH), committed.get(SEARCH_PATH));
    }

    /** Returns the command that set {@code search_path} for the open transaction, or null. */
    @Nullable
    String localPath() {
        return localPath;
    }

    /** Returns the command that set {@code search_path}, or null while it is the backend's default; one without a value when that is not known. */
    @Nullable
    String searchPath() {
        return localPath == null ? current.get(SEARCH_PATH) : localPath;
    }

    /** A SET LOCAL completed: only what texts are read by is kept, the backend has the value. */
    void setLocal(String name, String command) {
        if (name.equals(SEARCH_PATH)) {
            localPath = command;
        }
        floatDigitsLocal |= name.equals(FLOAT_DIGITS);
    }

    /** Returns true when the open transaction may write floats in another way than the session does. */
    boolean areFloatDigitsLocal() {
        return floatDigitsLocal;
    }

    /** A parameter went back to its default for the transaction. */
    void resetLocal(String name) {
        if (name.equals(SEARCH_PATH)) {
            String atStartup = startup.get(SEARCH_PATH);
            localPath = atStartup == null ? setCommand(SEARCH_PATH, SearchPath.DEFAULT) : atStartup;
        }
        floatDigitsLocal |= name.equals(FLOAT_DIGITS);
    }

    /** Something may have set {@code search_path}, at most for the transaction as far as is known. */
    void losePath() {
        localPath = UNKNOWN_PATH;
    }

    /** Returns how many bytes are kept in memory, roughly: values that savepoints share count once for each, unless nothing was set between. */
    long sizeBytes() {
        long size = startup.sizeBytes() + (current == startup ? 0 : current.sizeBytes());
        Settings last = current;
        for (Savepoint savepoint : savepoints) {
            size += savepoint.name.length() + (savepoint.settings == last ? 0 : savepoint.settings.sizeBytes());
            last = savepoint.settings;
        }
        return committed == last || committed == startup ? size : size + committed.sizeBytes();
    }

    /** A SET completed. */
    public void set(String name, String command) {
        String whole = name.equals(DateStyle.NAME) ? DateStyle.after(current.get(name), command) : command;
        current = withoutRoleUnder(name, current).with(name, whole);
        forgetLocal(name);
    }

    private void forgetLocal(String name) {
        if (name.equals(SEARCH_PATH)) {
            localPath = null;
        }
    }

    /** Returns settings less the role, where that goes: with each change of the session authorization. */
    static Settings withoutRoleUnder(String name, Settings settings) {
        return name.equals(SESSION_AUTHORIZATION) ? settings.without(ROLE) : settings;
    }

    /** A RESET of one parameter completed. */
    public void reset(String name) {
        String atStartup = startup.get(name);
        Settings before = withoutRoleUnder(name, current);
        current = atStartup == null ? before.without(name) : before.with(name, atStartup);
        forgetLocal(name);
    }

    /** RESET ALL completed; role and session authorization are not touched by it. */
    public void resetAll() {
        String role = current.get(ROLE);
        String authorization = current.get(SESSION_AUTHORIZATION);
        current = startup;
        localPath = null;
        if (role != null) {
            current = current.with(ROLE, role);
        }
        if (authorization != null) {
            current = current.with(SESSION_AUTHORIZATION, authorization);
        }
    }

    /** DISCARD ALL completed. */
    public void discardAll() {
        current = startup;
    }

    /**
     * Returns the statement that gives a backend what the client asked for at startup, after a command that takes it to the backend's own
     * defaults; null where there is nothing to give or the command is another.
     */
    @Nullable
    String restoring(SessionCommand command) {
        List<String> calls = new ArrayList<>();
        if (command instanceof SessionCommand.Reset reset) {
            String atStartup = startup.get(reset.name());
            if (atStartup != null) {
                calls.add(call(atStartup, reset.scope() == SessionCommand.Scope.LOCAL));
            }
        } else {
            boolean all = command instanceof SessionCommand.ResetAll;
            boolean discard = command instanceof SessionCommand.Discard discarded
                    && discarded.what() == SessionCommand.Discarded.ALL;
            startup.asMap().forEach((name, atStartup) -> {
                // RESET ALL leaves identities as they are.
                if (discard || all && !isIdentity(name)) {
                    calls.add(call(atStartup, false));
                }
            });
        }
        return calls.isEmpty() ? null : SELECT + String.join(", ", calls);
    }

    /** Returns the call of set_config out of a command of {@link #startupCommand}. */
    private static String call(String startupCommand, boolean local) {
        String call = startupCommand.substring(SELECT.length());
        return local ? call.substring(0, call.length() - FOR_SESSION.length()) + ", true)" : call;
    }

    /** A SAVEPOINT completed. */
    public void savepoint(String name) {
        savepoints.push(new Savepoint(name, current, localPath));
        if (savepoints.size() > SAVEPOINTS_MAX) {
            savepoints.removeLast();
        }
    }

    /** RELEASE SAVEPOINT completed: what was set since stays, the savepoint and those after it go. */
    public void release(String name) {
        while (!savepoints.isEmpty()) {
            if (savepoints.pop().name().equals(name)) {
                return;
            }
        }
    }

    /** ROLLBACK TO SAVEPOINT completed: the savepoint stays, what was set since goes; returns false when it is not followed any more, and all goes. */
    public boolean rollbackTo(String name) {
        while (!savepoints.isEmpty()) {
            Savepoint top = savepoints.peek();
            if (top.name().equals(name)) {
                current = top.settings();
                localPath = top.localPath();
                return true;
            }
            savepoints.pop();
        }
        current = committed;
        localPath = null;
        return false;
    }

    /** The transaction committed. */
    public void commit() {
        committed = current;
        floatDigitsLocal = false;
        localPath = null;
        savepoints.clear();
    }

    /** The transaction was rolled back. */
    public void rollback() {
        current = committed;
        floatDigitsLocal = false;
        localPath = null;
        savepoints.clear();
    }

    /**
     * Returns the commands that turn a backend with settings {@code from} into one with settings {@code to}, separated by semicolons; empty when
     * they are equal.
     */
    static String difference(Settings from, Settings to) {
        if (from.equals(to)) {
            return "";
        }
        List<String> parameters = parameterDifference(from, to);
        // A parameter may need the rights of the login role, so identities make way for it. Role hangs on session
        // authorization: to set or reset that takes the role away.
        boolean authorization = isAsked(SESSION_AUTHORIZATION, from, to, !parameters.isEmpty());
        boolean role = isAsked(ROLE, from, to, !parameters.isEmpty() || authorization);
        List<String> commands = new ArrayList<>();
        if (authorization && from.get(SESSION_AUTHORIZATION) != null) {
            commands.add(resetCommand(SESSION_AUTHORIZATION));
        }
        if (role && from.get(ROLE) != null) {
            commands.add(resetCommand(ROLE));
        }
        commands.addAll(parameters);
        String newAuthorization = to.get(SESSION_AUTHORIZATION);
        if (authorization && newAuthorization != null) {
            commands.add(newAuthorization);
        }
        String newRole = to.get(ROLE);
        if (role && newRole != null) {
            commands.add(newRole);
        }
        return String.join("; ", commands);
    }

    /** Returns true when an identity has to be taken back and given anew: it differs, or what comes between may not run under it. */
    private static boolean isAsked(String identity, Settings from, Settings to, boolean inTheWay) {
        return inTheWay && from.get(identity) != null || !Objects.equals(from.get(identity), to.get(identity));
    }

    private static List<String> parameterDifference(Settings from, Settings to) {
        List<String> commands = new ArrayList<>();
        for (String name : from.asMap().keySet()) {
            if (to.get(name) == null && !isIdentity(name)) {
                commands.add(resetCommand(name));
            }
        }
        for (Map.Entry<String, String> entry : to.asMap().entrySet()) {
            String there = from.get(entry.getKey());
            if (!isIdentity(entry.getKey()) && !entry.getValue().equals(there)) {
                if (there != null && entry.getKey().equals(DateStyle.NAME) && !DateStyle.isWhole(entry.getValue())) {
                    // The rest of the value that is there would stay.
                    commands.add(resetCommand(DateStyle.NAME));
                }
                commands.add(entry.getValue());
            }
        }
        return commands;
    }

    /** Returns true for the parameters that say as whom statements run. */
    static boolean isIdentity(String name) {
        return name.equals(ROLE) || name.equals(SESSION_AUTHORIZATION);
    }

    /** Returns true when two sets of settings are the same but for {@code application_name}. */
    static boolean isNameOnly(Settings from, Settings to) {
        return from.without(APPLICATION_NAME).equals(to.without(APPLICATION_NAME));
    }

    /** Returns the command that gives a parameter a value as the startup packet would. */
    static String startupCommand(String name, String value) {
        return SELECT + "pg_catalog.set_config(" + literal(name) + ", " + literal(value) + FOR_SESSION;
    }

    /** Returns the command that gives a parameter a value written as SQL. */
    static String setCommand(String name, String rawValue) {
        return "SET " + identifier(name) + " TO " + rawValue;
    }

    static String identifier(String name) {
        for (int i = 0; i < name.length(); i++) {
            char c = name.charAt(i);
            boolean plain = c >= 'a' && c <= 'z' || c == '_' || i > 0 && (c >= '0' && c <= '9' || c == '.');
            if (!plain) {
                return "\"" + name.replace("\"", "\"\"").replace(".", "\".\"") + "\"";
            }
        }
        return name;
    }

    private static String resetCommand(String name) {
        return switch (name) {
            case ROLE -> "RESET ROLE";
            case SESSION_AUTHORIZATION -> "RESET SESSION AUTHORIZATION";
            default -> "RESET " + identifier(name);
        };
    }

    /** Returns a text as a literal. */
    static String literal(String text) {
        String quoted = text.replace("'", "''");
        // E'' reads the same whatever standard_conforming_strings says.
        return text.indexOf('\\') < 0 ? "'" + quoted + "'" : "E'" + quoted.replace("\\", "\\\\") + "'";
    }
}
