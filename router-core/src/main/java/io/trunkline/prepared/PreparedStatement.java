// SPDX-License-Identifier: Apache-2.0
package io.trunkline.prepared;

import io.trunkline.sql.AnalyzedQuery;
import io.trunkline.sql.StatementShape;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One prepared statement, whoever prepared it: its text, its declared parameter types and the settings it was parsed under.
 *
 * <p>It comes by a Parse message or by SQL's {@code PREPARE}, and gets to a backend the same way. Of the latter the types are part of the text:
 * it begins behind the name, such as {@code (int) AS SELECT $1}.
 *
 * <p>Sessions with different names for the same statement share one instance; each backend knows it by {@link #backendName}. Confined to an
 * event loop.
 */
public final class PreparedStatement {
    /** Names on backends start with this. */
    public static final String NAME_PREFIX = "tl_";

    /** The topology revision of an analysis that is made again by whoever needs it. */
    private static final long NO_REVISION = -1;

    private static final byte[] PREPARE = "PREPARE ".getBytes(StandardCharsets.US_ASCII);

    private final byte[] sql;
    private final boolean bySql;
    private final int[] parameterTypes;
    private final String context;
    /** What the text was read under; null when it is the same under all. */
    private final @Nullable TextSettings textSettings;

    private final int hash;
    private final byte[] backendName;
    private final StatementCatalog.Used used;
    /** How often definitions had changed when a client first asked for it. */
    private final long schema;

    private AnalyzedQuery analysis;
    private long analysisRevision;
    private String analysisPath = "";
    private int @Nullable [] describedTypes;
    private @Nullable PreparedStatement executed;
    private int users;
    private boolean parsed;
    private boolean retired;

    PreparedStatement(
            byte[] sql,
            boolean bySql,
            int[] parameterTypes,
            String context,
            @Nullable TextSettings textSettings,
            int hash,
            long schema,
            String backendName,
            StatementCatalog.Used used,
            AnalyzedQuery analysis) {
        this.sql = sql;
        this.bySql = bySql;
        this.parameterTypes = parameterTypes;
        this.context = context;
        this.textSettings = TextSettings.isSameUnderAll(sql) ? null : textSettings;
        this.hash = hash;
        this.schema = schema;
        this.backendName = backendName.getBytes(StandardCharsets.US_ASCII);
        this.used = used;
        this.analysis = analysis;
    }

    /** Returns the text as the client sent it, without the terminating zero; not to be changed. */
    public byte[] sql() {
        return sql;
    }

    /** Returns true when a backend that is given the text under these settings has this very statement. */
    public boolean isReadAs(String encoding, boolean conforming) {
        return textSettings == null
                || textSettings.conforming() == conforming
                        && textSettings.encoding().equals(encoding);
    }

    /** Returns true for a statement of SQL's PREPARE. */
    public boolean isBySql() {
        return bySql;
    }

    /** Returns the PREPARE that gives a statement of SQL's PREPARE to a backend. */
    public byte[] prepareCommand() {
        byte[] command = Arrays.copyOf(PREPARE, PREPARE.length + backendName.length + 1 + sql.length);
        System.arraycopy(backendName, 0, command, PREPARE.length, backendName.length);
        command[PREPARE.length + backendName.length] = ' ';
        System.arraycopy(sql, 0, command, command.length - sql.length, sql.length);
        return command;
    }

    /** Returns the parameter types the client declared, 0 where it left one open; maybe fewer than there are parameters. */
    public int[] parameterTypes() {
        return parameterTypes;
    }

    /** Returns the name on every backend, as bytes without the terminating zero. */
    public byte[] backendName() {
        return backendName;
    }

    /** Returns the statement that this one, an EXECUTE, runs under its name on backends; null for all others. */
    public @Nullable PreparedStatement executed() {
        return executed;
    }

    void executes(PreparedStatement statement) {
        executed = statement;
    }

    @Nullable
    TextSettings textSettings() {
        return textSettings;
    }

    String context() {
        return context;
    }

    /** Returns what routing knows of the text. */
    public AnalyzedQuery analysis() {
        return analysis;
    }

    /** Returns the topology revision of {@link #analysis}. */
    public long analysisRevision() {
        return analysisRevision;
    }

    /** Returns the search path of {@link #analysis}. */
    public String analysisPath() {
        return analysisPath;
    }

    /**
     * Replaces the analysis: the topology changed, or the search path by which the server finds the tables each time it runs the statement. Under another
     * path parameters may have other types.
     */
    public void analyzed(AnalyzedQuery newAnalysis, long revision, String searchPath) {
        analysis = newAnalysis;
        analysisRevision = newAnalysis.provisional() ? NO_REVISION : revision;
        if (!searchPath.equals(analysisPath)) {
            analysisPath = searchPath;
            describedTypes = null;
        }
    }

    /** Returns the parameter types a backend described, or null when none was asked yet. */
    public int @Nullable [] describedTypes() {
        return describedTypes;
    }

    /** Keeps the parameter types a backend described. */
    public void described(int[] types) {
        describedTypes = types;
    }

    /** Returns the type of parameter {@code index} (from 0): declared, else described, else 0. */
    public int parameterType(int index) {
        int declared = index < parameterTypes.length ? parameterTypes[index] : 0;
        if (declared != 0) {
            return declared;
        }
        int[] types = describedTypes;
        return types != null && index < types.length ? types[index] : 0;
    }

    /** Returns how many bytes this statement keeps in memory, roughly. */
    public int sizeBytes() {
        return sql.length + parameterTypes.length * 4 + 200;
    }

    int hash() {
        return hash;
    }

    boolean matches(
            byte[] text, int textLength, boolean preparedBySql, int[] types, int typeCount, String otherContext) {
        return bySql == preparedBySql
                && Arrays.equals(sql, 0, sql.length, text, 0, textLength)
                && Arrays.equals(parameterTypes, 0, parameterTypes.length, types, 0, typeCount)
                && context.equals(otherContext);
    }

    boolean isSameAs(PreparedStatement other) {
        return matches(
                other.sql,
                other.sql.length,
                other.bySql,
                other.parameterTypes,
                other.parameterTypes.length,
                other.context);
    }

    /** Returns a statement of the same text, types and context that no backend has parsed. */
    PreparedStatement renewed(String newName) {
        PreparedStatement renewed = new PreparedStatement(
                sql, bySql, parameterTypes, context, textSettings, hash, schema, newName, used, analysis);
        renewed.analysisRevision = analysisRevision;
        renewed.executed = executed;
        return renewed;
    }

    /**
     * Returns true when some backend has parsed this statement before. Then a Parse alone needs no backend: it is replayed when the statement
     * is bound, and an error that has become possible meanwhile comes there.
     */
    public boolean wasParsed() {
        return parsed;
    }

    /** A backend has parsed this statement. */
    public void parsed() {
        parsed = true;
    }

    /**
     * The database has changed so that the statement would return other columns. Backends that parsed it before fail it from now on, as they do
     * without a router; no other backend may parse it, because there it would succeed for clients that expect the old columns. Who parses the
     * text again gets another statement.
     */
    public void retire() {
        retired = true;
    }

    /** Returns true when the statement may only be used where it was parsed before. */
    public boolean isRetired() {
        return retired;
    }

    /** A session has a name for this statement. */
    public void retain() {
        if (users++ == 0) {
            used.add(sizeBytes());
        }
    }

    /** A session forgot its name for this statement. */
    public void release() {
        if (--users == 0) {
            used.add(-sizeBytes());
        }
    }

    long schema() {
        return schema;
    }

    /** Returns true when a server runs this statement in a failed transaction: it ends the transaction, or what of it has failed. */
    public boolean leavesFailedTransaction() {
        List<StatementShape> statements = analysis.shape().statements();
        if (statements.size() != 1) {
            return false;
        }
        return switch (statements.get(0).kind()) {
            case COMMIT, COMMIT_AND_CHAIN, ROLLBACK, ROLLBACK_AND_CHAIN, ROLLBACK_TO_SAVEPOINT, PREPARE_TRANSACTION ->
                true;
            default -> false;
        };
    }

    boolean isUsed() {
        return users > 0;
    }
}
