// SPDX-License-Identifier: Apache-2.0
package io.trunkline.routing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trunkline.sql.TableDirectory;
import io.trunkline.sql.TableUse;
import java.util.List;
import org.junit.jupiter.api.Test;

class RoutingTableTest {
    private final RoutingTable table = Given.table(3);

    @Test
    void knowsQualifiedTables() {
        assertThat(table.lookup("public", "orders")).isEqualTo(new TableUse.Sharded("customer_id", "customer"));
        assertThat(table.lookup("app", "events")).isEqualTo(new TableUse.Sharded("name", "name"));
        assertThat(table.lookup("public", "countries")).isEqualTo(new TableUse.Reference());
        assertThat(table.lookup("app", "orders")).isEqualTo(new TableUse.Unknown());
        assertThat(table.lookup("nowhere", "orders")).isEqualTo(new TableUse.Unknown());
        assertThat(table.lookup("public", "Orders")).isEqualTo(new TableUse.Unknown());
    }

    @Test
    void takesTheSystemSchemasForTheCatalogue() {
        assertThat(table.lookup("pg_catalog", "whatever")).isEqualTo(new TableUse.Catalog());
        assertThat(table.lookup("information_schema", "tables")).isEqualTo(new TableUse.Catalog());
        assertThat(table.lookup(null, "pg_class")).isEqualTo(new TableUse.Catalog());
        assertThat(table.lookup(null, "orders")).isEqualTo(new TableUse.Unknown());
    }

    @Test
    void findsUnqualifiedTablesAlongTheSearchPath() {
        TableDirectory directory = table.forSearchPath(List.of("app", "public"));

        assertThat(directory.lookup(null, "orders")).isEqualTo(new TableUse.Sharded("customer_id", "customer"));
        assertThat(directory.lookup(null, "events")).isEqualTo(new TableUse.Sharded("name", "name"));
        assertThat(directory.lookup(null, "nothing")).isEqualTo(new TableUse.Unknown());
        assertThat(table.forSearchPath(List.of("app")).lookup(null, "orders")).isEqualTo(new TableUse.Unknown());
        assertThat(table.forSearchPath(List.of()).lookup(null, "orders")).isEqualTo(new TableUse.Unknown());
        assertThat(directory.lookup("public", "orders")).isEqualTo(new TableUse.Sharded("customer_id", "customer"));
    }

    @Test
    void looksIntoTheCatalogueFirstUnlessThePathSaysLater() {
        assertThat(table.forSearchPath(List.of("public")).lookup(null, "pg_class"))
                .isEqualTo(new TableUse.Catalog());
        assertThat(table.forSearchPath(List.of("public", "pg_catalog")).lookup(null, "pg_class"))
                .isEqualTo(new TableUse.Catalog());
        assertThat(table.forSearchPath(List.of("public", "pg_catalog")).lookup(null, "orders"))
                .isEqualTo(new TableUse.Sharded("customer_id", "customer"));
        assertThat(table.forSearchPath(List.of("information_schema", "public")).lookup(null, "orders"))
                .isEqualTo(new TableUse.Sharded("customer_id", "customer"));
        assertThat(table.forSearchPath(List.of("public")).lookup(null, "pg_not_a_relation"))
                .isEqualTo(new TableUse.Unknown());
    }

    @Test
    void namesItsShards() {
        assertThat(table.shardCount()).isEqualTo(3);
        assertThat(table.shardName(2)).isEqualTo("c");
        assertThat(table.shardIndex("b")).hasValue(1);
        assertThat(table.shardIndex("z")).isEmpty();
        assertThat(table.namesOf(table.single(0).or(table.single(2)))).isEqualTo("a, c");
        assertThat(table.revision()).isEqualTo(7);
    }

    @Test
    void needsAClusterThatExists() {
        assertThatThrownBy(() -> RoutingTable.of(Given.topology(table.cluster()), "other"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("other");
    }
}
