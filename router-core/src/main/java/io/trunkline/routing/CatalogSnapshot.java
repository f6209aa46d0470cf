// SPDX-License-Identifier: Apache-2.0
package io.trunkline.routing;

import io.trunkline.sql.KnownFunctions;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What one database's catalogue said when it was last read: which functions may run where, which relations are not plain tables, which
 * operators call volatile functions. Immutable; one per cluster and database, replaced as a whole.
 *
 * <p>Names are looked up without their schema: a statement that is a read under every reading of its names is one under every
 * {@code search_path}. The price is that a column called like a view costs a replica read.
 *
 * <p>A snapshot is always a little old. A function that was made volatile, or a table that was replaced by a view, since the last refresh is
 * judged as before; PostgreSQL's replica then refuses what would write.
 */
public final class CatalogSnapshot implements FunctionCatalog {
    private static final CatalogSnapshot UNLOADED = new CatalogSnapshot(
            false,
            Map.of(),
            Set.of(),
            Set.of(),
            Set.of(),
            Set.of(),
            Set.of(),
            TextOrder.UNKNOWN,
            false,
            TableUses.NONE,
            null,
            Map.of());
    private static final CatalogSnapshot PLAIN = new CatalogSnapshot(
            true,
            Map.of(),
            Set.of(),
            Set.of(),
            Set.of(),
            Set.of(),
            Set.of(),
            TextOrder.BYTES,
            false,
            TableUses.NONE,
            SpreadNames.NONE,
            Map.of());

    private static final Set<String> SYSTEM_VOLATILE = NameList.load("volatile-functions.txt");

    /**
     * What schemas that are whole on one shard make worth knowing.
     *
     * @param relations the names of relations in other schemas
     * @param ownPath whether nobody's search path is set by the servers
     */
    private record SpreadNames(Set<String> relations, boolean ownPath) {
        static final SpreadNames NONE = new SpreadNames(Set.of(), true);

        static @Nullable SpreadNames union(@Nullable SpreadNames one, @Nullable SpreadNames other) {
            return one == null || other == null
                    ? null
                    : new SpreadNames(
                            CatalogSnapshot.union(one.relations, other.relations), one.ownPath && other.ownPath);
        }
    }

    private final boolean loaded;
    private final Map<String, FunctionNature> functions;
    private final Set<String> opaqueNames;
    private final Set<String> volatileOperators;
    private final Set<String> settingFunctions;
    private final Set<String> textFunctions;
    private final Set<String> collatedNames;
    private final TextOrder textOrder;
    private final boolean hiddenCalls;
    private final TableUses tableUses;
    /** Null while they have not been read. */
    private final @Nullable SpreadNames spreadNames;
    /** What one shard defines, by kind and name. */
    private final Map<String, String> definitions;

    private CatalogSnapshot(
            boolean loaded,
            Map<String, FunctionNature> functions,
            Set<String> opaqueNames,
            Set<String> volatileOperators,
            Set<String> settingFunctions,
            Set<String> textFunctions,
            Set<String> collatedNames,
            TextOrder textOrder,
            boolean hiddenCalls,
            TableUses tableUses,
            @Nullable SpreadNames spreadNames,
            Map<String, String> definitions) {
        this.loaded = loaded;
        this.functions = functions;
        this.opaqueNames = opaqueNames;
        this.volatileOperators = volatileOperators;
        this.settingFunctions = settingFunctions;
        this.textFunctions = textFunctions;
        this.collatedNames = collatedNames;
        this.textOrder = textOrder;
        this.hiddenCalls = hiddenCalls;
        this.tableUses = tableUses;
        this.spreadNames = spreadNames;
        this.definitions = definitions;
    }

    /** Returns what is known before the catalogue has been read: PostgreSQL's own functions, and that any name may be a view. */
    public static CatalogSnapshot unloaded() {
        return UNLOADED;
    }

    /** Returns the catalogue of a database without objects but tables: for explaining routes offline. */
    public static CatalogSnapshot ofPlainTables() {
        return PLAIN;
    }

    /**
     * Makes a snapshot from the rows of {@link CatalogQueries#FUNCTIONS}, {@link CatalogQueries#RELATIONS},
     * {@link CatalogQueries#HIDDEN_CALLS} and {@link CatalogQueries#TABLE_USES}.
     *
     * @throws IllegalArgumentException when rows are not what those queries return
     */
    public static CatalogSnapshot of(
            List<List<@Nullable String>> functionRows,
            List<List<@Nullable String>> relationRows,
            List<List<@Nullable String>> hiddenCallRows,
            List<List<@Nullable String>> tableUseRows) {
        Map<String, FunctionNature> functions = new HashMap<>();
        for (List<@Nullable String> row : functionRows) {
            functions.put(text(row, 0, 3), FunctionNature.of(flag(row, 1), flag(row, 2)));
        }
        Set<String> opaqueNames = new HashSet<>();
        for (List<@Nullable String> row : relationRows) {
            opaqueNames.add(text(row, 0, 1));
        }
        Set<String> volatileOperators = new HashSet<>();
        Set<String> settingFunctions = new HashSet<>();
        Set<String> textFunctions = new HashSet<>();
        Set<String> collatedNames = new HashSet<>();
        TextOrder textOrder = TextOrder.BYTES;
        boolean hiddenCalls = false;
        for (List<@Nullable String> row : hiddenCallRows) {
            switch (text(row, 0, 2)) {
                case "operator" -> volatileOperators.add(text(row, 1, 2));
                case "setting" -> settingFunctions.add(text(row, 1, 2));
                case "text" -> textFunctions.add(text(row, 1, 2));
                case "collation" -> collatedNames.add(text(row, 1, 2));
                case "language" -> textOrder = worse(textOrder, TextOrder.LANGUAGE);
                case "encoding" -> textOrder = TextOrder.UNKNOWN;
                default -> hiddenCalls = true;
            }
        }
        return new CatalogSnapshot(
                true,
                Map.copyOf(functions),
                Set.copyOf(opaqueNames),
                Set.copyOf(volatileOperators),
                Set.copyOf(settingFunctions),
                Set.copyOf(textFunctions),
                Set.copyOf(collatedNames),
                textOrder,
                hiddenCalls,
                TableUses.of(tableUseRows),
                null,
                Map.of());
    }

    /** Returns this with the rows of {@link CatalogQueries#spreadNames}. */
    public CatalogSnapshot withSpreadNames(List<List<@Nullable String>> rows) {
        Set<String> relations = new HashSet<>();
        boolean ownPath = true;
        for (List<@Nullable String> row : rows) {
            if (text(row, 0, 2).equals("relation")) {
                relations.add(text(row, 1, 2));
            } else {
                ownPath = false;
            }
        }
        return with(new SpreadNames(Set.copyOf(relations), ownPath), definitions);
    }

    /** Returns this without what {@link #withSpreadNames} added. */
    public CatalogSnapshot withoutSpreadNames() {
        return with(null, definitions);
    }

    /** Returns this with the rows of {@link CatalogQueries#definitions}. */
    public CatalogSnapshot withDefinitions(List<List<@Nullable String>> rows) {
        Map<String, String> defined = new HashMap<>();
        for (List<@Nullable String> row : rows) {
            defined.put(text(row, 0, 3) + " " + text(row, 1, 3), text(row, 2, 3));
        }
        return with(spreadNames, Map.copyOf(defined));
    }

    /** Returns what the one shard defines that was asked, by kind and name, each with what stands for its definition; nothing of several shards. */
    public Map<String, String> definitions() {
        return definitions;
    }

    private CatalogSnapshot with(@Nullable SpreadNames names, Map<String, String> defined) {
        return new CatalogSnapshot(
                loaded,
                functions,
                opaqueNames,
                volatileOperators,
                settingFunctions,
                textFunctions,
                collatedNames,
                textOrder,
                hiddenCalls,
                tableUses,
                names,
                defined);
    }

    /**
     * Returns what holds in this and in another database, for clusters that hold several: a name is as dangerous as it is in the worse of both.
     */
    public CatalogSnapshot mergedWith(CatalogSnapshot other) {
        if (!loaded || !other.loaded) {
            return UNLOADED;
        }
        Map<String, FunctionNature> bothFunctions = new HashMap<>(functions);
        other.functions.forEach((name, nature) -> bothFunctions.merge(name, nature, FunctionNature::worse));
        return new CatalogSnapshot(
                true,
                Map.copyOf(bothFunctions),
                union(opaqueNames, other.opaqueNames),
                union(volatileOperators, other.volatileOperators),
                union(settingFunctions, other.settingFunctions),
                union(textFunctions, other.textFunctions),
                union(collatedNames, other.collatedNames),
                worse(textOrder, other.textOrder),
                hiddenCalls || other.hiddenCalls,
                tableUses.or(other.tableUses),
                SpreadNames.union(spreadNames, other.spreadNames),
                Map.of());
    }

    private static TextOrder worse(TextOrder one, TextOrder other) {
        return one.compareTo(other) >= 0 ? one : other;
    }

    static Set<String> union(Set<String> one, Set<String> other) {
        Set<String> both = new HashSet<>(one);
        both.addAll(other);
        return Set.copyOf(both);
    }

    /** Returns true once the catalogue has been read. */
    public boolean isLoaded() {
        return loaded;
    }

    @Override
    public FunctionNature nature(String name) {
        if (name.equals(KnownFunctions.NEXT_ID) || name.equals(KnownFunctions.NEXT_VALUE)) {
            return FunctionNature.SYSTEM_VOLATILE;
        }
        String bare = name.substring(name.lastIndexOf('.') + 1);
        if (functions.isEmpty()) {
            return builtIn(name, bare);
        }
        // A quoted name may contain a dot: the name as a whole must be fine too, if there is one.
        FunctionNature whole = functions.getOrDefault(name, FunctionNature.PURE);
        FunctionNature nature = functions.getOrDefault(bare, FunctionNature.UNKNOWN);
        return whole.mayRunOnReplica() && whole.ignoresTables() ? nature : whole;
    }

    /** A name qualified with another schema than pg_catalog is not one of PostgreSQL's own. */
    private static FunctionNature builtIn(String name, String bare) {
        if (name.length() != bare.length() && !name.equals("pg_catalog." + bare)) {
            return FunctionNature.UNKNOWN;
        }
        if (KnownFunctions.isSafe(bare)) {
            return FunctionNature.PURE;
        }
        return KnownFunctions.isBoundToHost(bare) || SYSTEM_VOLATILE.contains(bare)
                ? FunctionNature.SYSTEM_VOLATILE
                : FunctionNature.UNKNOWN;
    }

    /** Returns true when one of the names may be a relation that hides more than a table, or a function called like a column. */
    boolean namesAnyOpaque(Collection<String> names) {
        return containsAny(opaqueNames, names);
    }

    /** Returns true when one of the names may be a volatile function of a row, called like a column. */
    boolean namesVolatileFunction(Collection<String> names) {
        for (String name : names) {
            // Most volatile functions take no row: their names, as in random(), say nothing of what is called like a
            // column.
            FunctionNature nature = opaqueNames.contains(name) ? functions.get(name) : null;
            if (nature != null && !nature.mayRunOnReplica()) {
                return true;
            }
        }
        return false;
    }

    /** Returns how the texts of a statement that has these names are ordered, as long as it says no collation itself. */
    TextOrder textOrder(Collection<String> names) {
        return containsAny(collatedNames, names) ? TextOrder.UNKNOWN : textOrder;
    }

    /** Returns true when one of the operators calls a volatile function. */
    boolean namesVolatileOperator(Collection<String> operators) {
        return containsAny(volatileOperators, operators);
    }

    /** Returns true when casts, domains or types call volatile functions, so that no statement shows all it calls. */
    boolean hasHiddenCalls() {
        return hiddenCalls;
    }

    /** Returns what uses tables without naming them; nothing until the catalogue has been read. */
    TableUses tableUses() {
        return tableUses;
    }

    /** Returns true unless no relation outside of the schemas of one shard has the name. */
    boolean mayNameSpreadRelation(String name) {
        return spreadNames == null || spreadNames.relations().contains(name);
    }

    /** Returns true when a session that sets no search path has PostgreSQL's own. */
    boolean hasOwnSearchPath() {
        return spreadNames != null && spreadNames.ownPath();
    }

    /** Returns what is known of the parameters of the session that these functions change, by the worst of them. */
    public SettingChange settingChange(Set<String> calls) {
        SettingChange worst = SettingChange.NONE;
        if (calls.isEmpty() || loaded && functions.isEmpty()) {
            return worst;
        }
        for (String call : calls) {
            String bare = call.substring(call.lastIndexOf('.') + 1);
            if (settingFunctions.contains(bare) || settingFunctions.contains(call)) {
                return SettingChange.LIKELY;
            }
            if (textFunctions.contains(bare)
                    || textFunctions.contains(call)
                    || nature(call) == FunctionNature.UNKNOWN) {
                worst = SettingChange.POSSIBLE;
            }
        }
        return worst;
    }

    private static boolean containsAny(Set<String> set, Collection<String> candidates) {
        if (set.isEmpty()) {
            return false;
        }
        for (String candidate : candidates) {
            if (set.contains(candidate)) {
                return true;
            }
        }
        return false;
    }

    static String text(List<@Nullable String> row, int column, int columns) {
        String value = row.size() == columns ? row.get(column) : null;
        if (value == null) {
            throw new IllegalArgumentException("catalogue row has " + row.size() + " columns or a null (expected: "
                    + columns + " columns without null)");
        }
        return value;
    }

    private static boolean flag(List<@Nullable String> row, int column) {
        return switch (text(row, column, 3)) {
            case "t" -> true;
            case "f" -> false;
            default -> throw new IllegalArgumentException("catalogue row has a flag other than t or f");
        };
    }
}
