// SPDX-License-Identifier: Apache-2.0
package io.trunkline.routing;

import io.trunkline.sql.PathHome;
import io.trunkline.sql.TableDirectory;
import io.trunkline.sql.TableUse;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The tables of a cluster as one search path finds them. Immutable. */
final class SearchPathTables implements TableDirectory {
    private final RoutingTable table;
    private final List<String> path;
    private final boolean assumed;
    private final boolean catalogFirst;
    private final @Nullable PathHome home;

    SearchPathTables(RoutingTable table, List<String> searchPath, boolean assumed) {
        this.table = table;
        this.path = List.copyOf(searchPath);
        this.assumed = assumed;
        this.catalogFirst = !path.contains(RoutingTable.CATALOG_SCHEMA);
        this.home = table.home(path);
    }

    @Override
    public TableUse lookup(@Nullable String schema, String name) {
        if (schema != null) {
            return table.lookup(schema, name);
        }
        TableUse ofSystem = table.lookup(null, name);
        if (catalogFirst && ofSystem instanceof TableUse.Catalog) {
            return ofSystem;
        }
        TableUse.@Nullable Placed placed = null;
        boolean presumed = false;
        for (String each : path) {
            if (each.equals(RoutingTable.UNKNOWN_SCHEMA)
                    && !table.placedSchemas().isEmpty()) {
                return new TableUse.Unclear("the search path is not known for certain");
            }
            TableUse use = each.equals(RoutingTable.CATALOG_SCHEMA) ? ofSystem : table.lookupTable(each, name);
            if (use instanceof TableUse.Placed found) {
                if (placed != null && placed.shard() != found.shard()) {
                    return new TableUse.Unclear("schemas of the search path are on different shards");
                }
                placed = found;
            } else if (use instanceof TableUse.Unknown) {
                presumed |= !each.equals(RoutingTable.CATALOG_SCHEMA);
            } else if (placed == null) {
                return use;
            } else if (use instanceof TableUse.Reference) {
                return new TableUse.PlacedOrReference(placed.shard());
            } else if (use instanceof TableUse.Sharded) {
                return new TableUse.Unclear(
                        "it may be one of schema " + path.get(0) + " or the sharded one of " + each);
            }
        }
        return placed == null ? new TableUse.Unknown() : new TableUse.Placed(placed.shard(), presumed);
    }

    @Override
    public int shardOfSchema(String schema) {
        return table.shardOfSchema(schema);
    }

    @Override
    public boolean isSpread(String schema) {
        return table.isSpread(schema) || path.contains(schema) && shardOfSchema(schema) == NO_SHARD;
    }

    @Override
    public @Nullable PathHome home() {
        return home;
    }

    @Override
    public boolean hasPlacedSchemas() {
        return !table.placedSchemas().isEmpty();
    }

    @Override
    public boolean assumesPath() {
        return assumed && !table.placedSchemas().isEmpty();
    }
}
