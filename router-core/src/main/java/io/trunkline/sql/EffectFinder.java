// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sql;

import java.util.Map;
import java.util.Set;

/**
 * Finds what a statement may leave behind in the session: by its kind, by the functions it names and by the schema of temporary objects.
 *
 * <p>A function counts wherever its name stands before a parenthesis, qualified or not, in any kind of statement. What functions, triggers and
 * rules of the database do in turn cannot be seen here.
 */
final class EffectFinder {
    private static final Map<String, SessionEffect> BY_FUNCTION = Map.ofEntries(
            Map.entry("pg_advisory_lock", SessionEffect.ADVISORY_LOCK),
            Map.entry("pg_advisory_lock_shared", SessionEffect.ADVISORY_LOCK),
            Map.entry("pg_try_advisory_lock", SessionEffect.ADVISORY_LOCK),
            Map.entry("pg_try_advisory_lock_shared", SessionEffect.ADVISORY_LOCK),
            Map.entry("pg_advisory_unlock", SessionEffect.END_OF_STATE),
            Map.entry("pg_advisory_unlock_shared", SessionEffect.END_OF_STATE),
            Map.entry("pg_advisory_unlock_all", SessionEffect.END_OF_STATE),
            Map.entry("setseed", SessionEffect.SEED),
            Map.entry("dblink_connect", SessionEffect.DBLINK),
            Map.entry("dblink_connect_u", SessionEffect.DBLINK),
            Map.entry("pg_replication_origin_session_setup", SessionEffect.REPLICATION_ORIGIN),
            Map.entry("pg_backup_start", SessionEffect.HOST_RESOURCE),
            Map.entry("pg_start_backup", SessionEffect.HOST_RESOURCE),
            Map.entry("pg_create_physical_replication_slot", SessionEffect.HOST_RESOURCE),
            Map.entry("pg_create_logical_replication_slot", SessionEffect.HOST_RESOURCE),
            Map.entry("pg_copy_physical_replication_slot", SessionEffect.HOST_RESOURCE),
            Map.entry("pg_copy_logical_replication_slot", SessionEffect.HOST_RESOURCE),
            Map.entry("query_to_xml", SessionEffect.DO_BLOCK),
            Map.entry("query_to_xmlschema", SessionEffect.DO_BLOCK),
            Map.entry("query_to_xml_and_xmlschema", SessionEffect.DO_BLOCK),
            Map.entry("ts_stat", SessionEffect.DO_BLOCK),
            Map.entry("lo_open", SessionEffect.LARGE_OBJECT),
            Map.entry("lo_close", SessionEffect.LARGE_OBJECT),
            Map.entry("lo_creat", SessionEffect.LARGE_OBJECT),
            Map.entry("lo_create", SessionEffect.LARGE_OBJECT),
            Map.entry("lo_export", SessionEffect.LARGE_OBJECT),
            Map.entry("lo_from_bytea", SessionEffect.LARGE_OBJECT),
            Map.entry("lo_get", SessionEffect.LARGE_OBJECT),
            Map.entry("lo_import", SessionEffect.LARGE_OBJECT),
            Map.entry("lo_lseek", SessionEffect.LARGE_OBJECT),
            Map.entry("lo_lseek64", SessionEffect.LARGE_OBJECT),
            Map.entry("lo_put", SessionEffect.LARGE_OBJECT),
            Map.entry("lo_tell", SessionEffect.LARGE_OBJECT),
            Map.entry("lo_tell64", SessionEffect.LARGE_OBJECT),
            Map.entry("lo_truncate", SessionEffect.LARGE_OBJECT),
            Map.entry("lo_truncate64", SessionEffect.LARGE_OBJECT),
            Map.entry("lo_unlink", SessionEffect.LARGE_OBJECT),
            Map.entry("loread", SessionEffect.LARGE_OBJECT),
            Map.entry("lowrite", SessionEffect.LARGE_OBJECT));

    /** Arguments of {@code set_config} longer than this are not looked through: they may be nested as often as the text allows. */
    private static final int ARGUMENT_TOKENS_MAX = 256;

    private final TokenList tokens;
    private final StatementHead head;

    /** Creates a finder for the statements of a token list whose head is read before. */
    EffectFinder(TokenList tokens, StatementHead head) {
        this.tokens = tokens;
        this.head = head;
    }

    /** Adds the effects of the statement in the token list. */
    void find(StatementKind kind, Set<SessionEffect> found) {
        addByKind(kind, found);
        boolean dropsOnCommit = false;
        boolean temporary = false;
        for (int i = 0; i < tokens.size(); i++) {
            if (tokens.token(i).isName()) {
                temporary |= isTemporary(kind, i);
                dropsOnCommit |= tokens.isSequence(i, "on", "commit", "drop");
                addByName(i, found);
            }
        }
        if (temporary) {
            found.add(dropsOnCommit ? SessionEffect.TEMP_TABLE_UNTIL_COMMIT : SessionEffect.TEMP_TABLE);
        }
    }

    private void addByKind(StatementKind kind, Set<SessionEffect> found) {
        switch (kind) {
            case LISTEN -> found.add(SessionEffect.LISTEN);
            case PREPARE -> found.add(SessionEffect.SQL_PREPARE);
            case LOAD -> found.add(SessionEffect.LOAD);
            case DO -> found.add(SessionEffect.DO_BLOCK);
            case CALL -> found.add(SessionEffect.PROCEDURE_CALL);
            case DECLARE_CURSOR -> addHold(found);
            case UNLISTEN, CLOSE_CURSOR, DEALLOCATE, DISCARD -> found.add(SessionEffect.END_OF_STATE);
            case DDL -> {
                if (tokens.isWord(0, "drop")) {
                    found.add(SessionEffect.END_OF_STATE);
                }
                addExecution(found);
            }
            case EXPLAIN -> addExecution(found);
            case SET -> {
                if (tokens.isWord(SetHead.behindScope(tokens, 0), "seed")) {
                    found.add(SessionEffect.SEED);
                }
            }
            default -> {
                // No kind but these leaves anything behind by itself.
            }
        }
    }

    private void addExecution(Set<SessionEffect> found) {
        if (head.execute() >= 0) {
            found.add(SessionEffect.INNER_EXECUTE);
        }
    }

    private void addHold(Set<SessionEffect> found) {
        for (int i = 2; i < tokens.size() && !tokens.isWord(i, "for"); i++) {
            if (tokens.isSequence(i, "with", "hold")) {
                found.add(SessionEffect.HOLD_CURSOR);
            }
        }
    }

    /** {@code CREATE [OR REPLACE] [LOCAL | GLOBAL] TEMP[ORARY]} and the same behind {@code INTO}. */
    private boolean isTemporary(StatementKind kind, int i) {
        if (!tokens.isWord(i, "temp", "temporary")) {
            return false;
        }
        boolean created = kind == StatementKind.DDL && tokens.isWord(i - 1, "create", "replace", "local", "global");
        boolean selectedInto =
                tokens.isWord(i - 1, "into") || tokens.isWord(i - 1, "local", "global") && tokens.isWord(i - 2, "into");
        return created
                || selectedInto
                || kind == StatementKind.EXPLAIN && tokens.isWord(i - 1, "create", "local", "global");
    }

    private void addByName(int i, Set<SessionEffect> found) {
        int bytes = tokens.end(i) - tokens.start(i);
        if (bytes < "ts_stat".length()) {
            return;
        }
        String name = tokens.name(i);
        if (name.startsWith("pg_temp") && (name.length() == 7 || name.charAt(7) == '_')) {
            found.add(SessionEffect.TEMP_TABLE);
        }
        if (!tokens.isCharacter(tokens.behindEscape(i), '(')) {
            return;
        }
        if (name.equals("set_config")) {
            if (!isLocalSetConfig(tokens.behindEscape(i))) {
                found.add(SessionEffect.SET_CONFIG);
            }
            return;
        }
        SessionEffect effect = BY_FUNCTION.get(name);
        if (effect != null) {
            found.add(effect);
        }
    }

    /** Returns true when the arguments that begin at a parenthesis are three and the third is the one word {@code true}. */
    private boolean isLocalSetConfig(int open) {
        int close = tokens.behindGroup(open, ARGUMENT_TOKENS_MAX) - 1;
        int depth = 0;
        int commas = 0;
        for (int i = open; i < close; i++) {
            if (tokens.isCharacter(i, '(') || tokens.isCharacter(i, '[')) {
                depth++;
            } else if (tokens.isCharacter(i, ')') || tokens.isCharacter(i, ']')) {
                depth--;
            } else if (depth == 1 && tokens.isCharacter(i, ',')) {
                commas++;
            }
        }
        return commas == 2 && tokens.isWord(close - 1, "true") && tokens.isCharacter(close - 2, ',');
    }
}
