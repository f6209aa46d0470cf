// SPDX-License-Identifier: Apache-2.0
package io.trunkline.prepared;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.trunkline.sql.AnalyzedQuery;
import io.trunkline.wire.Parse;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The statements known on one event loop: (text, declared parameter types, statement context) to {@link PreparedStatement}.
 *
 * <p>Bounded by the bytes of statements that no session uses any more: beyond {@code idleBytesMax} the longest unused go. What sessions use
 * is bounded by their own limits. Looking one up allocates nothing.
 */
public final class StatementCatalog {
    /** How many bytes the statements keep that sessions use; one for all statements of a catalogue. */
    static final class Used {
        private long bytes;

        void add(long more) {
            bytes += more;
        }
    }

    private static final PreparedStatement[] NONE = {};

    private final String namePrefix;
    private final long idleBytesMax;
    private final Map<Integer, PreparedStatement[]> byHash = new HashMap<>();
    private final LinkedHashMap<PreparedStatement, Boolean> byUse = new LinkedHashMap<>(64, 0.75f, true);
    private byte[] text = new byte[512];
    private int[] types = new int[16];
    private int textLength;
    private boolean bySql;
    private int typeCount;
    private int probeHash;
    private long probeSchema;
    private final Used used = new Used();
    private long bytes;
    private long nextId;
    private long owners;

    /**
     * Creates an empty catalogue.
     *
     * @param instance distinguishes this event loop's names from those of all other loops and routers on the same backend
     */
    public StatementCatalog(String instance, long idleBytesMax) {
        this.namePrefix = PreparedStatement.NAME_PREFIX + instance + "_";
        this.idleBytesMax = idleBytesMax;
    }

    /**
     * Returns the statement a Parse message asks for, or null when it is not known; then {@link #add} may follow at once.
     *
     * @param schema how often definitions have changed: what was parsed under others is not shared any more, though it is used on by whoever has it
     */
    public @Nullable PreparedStatement find(ByteBuf buffer, Parse parse, String context, long schema) {
        bySql = false;
        typeCount = parse.parameterTypeCount();
        if (types.length < typeCount) {
            types = new int[typeCount];
        }
        for (int i = 0; i < typeCount; i++) {
            types[i] = parse.parameterType(i);
        }
        return find(buffer, parse.sqlStart(), parse.sqlEnd(), context, schema);
    }

    /**
     * As the other, for SQL's PREPARE.
     *
     * @param start of its text, behind the statement's name
     */
    public @Nullable PreparedStatement findBySql(ByteBuf buffer, int start, int end, String context, long schema) {
        bySql = true;
        typeCount = 0;
        return find(buffer, start, end, context, schema);
    }

    /**
     * Returns the statement that an EXECUTE is sent as.
     *
     * @param original as the client knows it
     * @param sql its text with the name that backends know {@code executed} by
     */
    public PreparedStatement executing(PreparedStatement original, byte[] sql, PreparedStatement executed) {
        bySql = false;
        types = original.parameterTypes().clone();
        typeCount = types.length;
        PreparedStatement known =
                find(Unpooled.wrappedBuffer(sql), 0, sql.length, original.context(), original.schema());
        if (known != null) {
            return known;
        }
        PreparedStatement added = add(original.context(), original.textSettings(), original.analysis());
        added.executes(executed);
        return added;
    }

    private @Nullable PreparedStatement find(ByteBuf buffer, int start, int end, String context, long schema) {
        textLength = end - start;
        if (text.length < textLength) {
            text = new byte[Math.max(textLength, text.length * 2)];
        }
        buffer.getBytes(start, text, 0, textLength);
        // Not only compared: a text asked for under many schemas must not make one long chain.
        int hash = 31 * context.hashCode() + Long.hashCode(schema);
        for (int i = 0; i < typeCount; i++) {
            hash = 31 * hash + types[i];
        }
        for (int i = 0; i < textLength; i++) {
            hash = 31 * hash + text[i];
        }
        probeHash = hash;
        probeSchema = schema;
        PreparedStatement[] candidates = byHash.get(hash);
        if (candidates != null) {
            for (PreparedStatement candidate : candidates) {
                if (!candidate.isRetired()
                        && candidate.schema() == schema
                        && candidate.matches(text, textLength, bySql, types, typeCount, context)) {
                    byUse.get(candidate);
                    return candidate;
                }
            }
        }
        return null;
    }

    /** Adds the statement the last {@link #find} did not know. */
    public PreparedStatement add(String context, @Nullable TextSettings textSettings, AnalyzedQuery analysis) {
        return add(new PreparedStatement(
                Arrays.copyOf(text, textLength),
                bySql,
                Arrays.copyOf(types, typeCount),
                context,
                textSettings,
                probeHash,
                probeSchema,
                nextName(),
                used,
                analysis));
    }

    /** Returns the statement that has taken the place of a retired one. */
    public PreparedStatement successor(PreparedStatement retired) {
        PreparedStatement[] candidates = byHash.getOrDefault(retired.hash(), NONE);
        for (int i = candidates.length - 1; i >= 0; i--) {
            PreparedStatement candidate = candidates[i];
            if (!candidate.isRetired() && candidate.isSameAs(retired)) {
                byUse.get(candidate);
                return candidate;
            }
        }
        return add(retired.renewed(nextName()));
    }

    /** Returns a number that no other session has. */
    public long newOwner() {
        return ++owners;
    }

    /** Returns a name that no backend knows. */
    public String nextName() {
        return namePrefix + Long.toString(nextId++, 36);
    }

    /** Returns what the names on backends begin with, and no other's. */
    public String namePrefix() {
        return namePrefix;
    }

    private PreparedStatement add(PreparedStatement statement) {
        int hash = statement.hash();
        PreparedStatement[] before = byHash.getOrDefault(hash, NONE);
        PreparedStatement[] more = Arrays.copyOf(before, before.length + 1);
        more[before.length] = statement;
        byHash.put(hash, more);
        byUse.put(statement, Boolean.TRUE);
        bytes += statement.sizeBytes();
        trim(statement);
        return statement;
    }

    /** Returns the number of statements. */
    public int size() {
        return byUse.size();
    }

    /** Returns how many bytes the statements that sessions use keep in memory, roughly, each counted once. */
    public long usedBytes() {
        return used.bytes;
    }

    private void trim(PreparedStatement keep) {
        Iterator<PreparedStatement> eldestFirst = byUse.keySet().iterator();
        while (bytes > idleBytesMax && eldestFirst.hasNext()) {
            PreparedStatement statement = eldestFirst.next();
            if (!statement.isUsed() && statement != keep) {
                eldestFirst.remove();
                bytes -= statement.sizeBytes();
                removeFromHash(statement);
            }
        }
    }

    private void removeFromHash(PreparedStatement statement) {
        PreparedStatement[] chain = byHash.get(statement.hash());
        if (chain == null || chain.length == 1) {
            byHash.remove(statement.hash());
            return;
        }
        PreparedStatement[] fewer = new PreparedStatement[chain.length - 1];
        int n = 0;
        for (PreparedStatement other : chain) {
            if (other != statement) {
                fewer[n++] = other;
            }
        }
        byHash.put(statement.hash(), fewer);
    }
}
