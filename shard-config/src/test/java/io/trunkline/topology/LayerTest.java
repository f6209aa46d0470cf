// SPDX-License-Identifier: Apache-2.0
package io.trunkline.topology;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

@AnalyzeClasses(
        packages = {"io.trunkline.topology", "io.trunkline.decision", "io.trunkline.block"},
        importOptions = DoNotIncludeTests.class)
class LayerTest {
    @ArchTest
    static final ArchRule ZOOKEEPER_STAYS_IN_ITS_PACKAGE = noClasses()
            .that()
            .resideOutsideOfPackage("..topology.zookeeper..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("org.apache.curator..", "org.apache.zookeeper..");

    @ArchTest
    static final ArchRule COMMANDS_STAY_IN_THEIRS = noClasses()
            .that()
            .resideOutsideOfPackage("..topology.cli..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("picocli..", "io.trunkline.topology.cli..");

    @ArchTest
    static final ArchRule VALUES_KNOW_NEITHER_ZOOKEEPER_NOR_COMMANDS = classes()
            .that()
            .resideInAPackage("io.trunkline.topology")
            .should()
            .onlyDependOnClassesThat()
            .resideInAnyPackage(
                    "io.trunkline.topology", "java..", "com.fasterxml.jackson..", "org.slf4j..", "org.jspecify..");

    @ArchTest
    static final ArchRule DECISIONS_KNOW_NOTHING_ELSE = classes()
            .that()
            .resideInAPackage("io.trunkline.decision")
            .should()
            .onlyDependOnClassesThat()
            .resideInAnyPackage("io.trunkline.decision", "java..", "org.jspecify..");

    @ArchTest
    static final ArchRule BLOCKS_KNOW_NOTHING_ELSE = classes()
            .that()
            .resideInAPackage("io.trunkline.block")
            .should()
            .onlyDependOnClassesThat()
            .resideInAnyPackage("io.trunkline.block", "java..", "org.jspecify..");
}
