// SPDX-License-Identifier: Apache-2.0
package io.trunkline;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.domain.JavaPackage;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import io.trunkline.frontend.Greeting;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;

/** The fences between the packages of the core: who may know whom, and what only some may use. */
class LayersTest {
    private static final String ROOT = "io.trunkline.";
    private static final Path SOURCES = Path.of("src/main/java");

    /** What each package may import beside itself; {@code topology}, {@code decision} and {@code block} are in the module below this one. */
    private static final Map<String, Set<String>> ARROWS = new TreeMap<>(Map.ofEntries(
            Map.entry("wire", Set.of()),
            Map.entry("error", Set.of("wire")),
            Map.entry("metrics", Set.of("error")),
            Map.entry("sql", Set.of()),
            Map.entry("prepared", Set.of("sql", "wire")),
            Map.entry("auth", Set.of("error", "metrics", "wire")),
            Map.entry("backend", Set.of("auth", "error", "metrics", "prepared", "wire")),
            Map.entry("health", Set.of("backend", "error", "metrics", "topology", "wire")),
            Map.entry("pool", Set.of("backend", "error", "health", "metrics", "topology", "wire")),
            Map.entry("routing", Set.of("error", "metrics", "sql", "topology", "wire")),
            Map.entry("merge", Set.of("error", "wire")),
            Map.entry("copy", Set.of("error", "routing", "sql", "wire")),
            Map.entry(
                    "scatter",
                    Set.of(
                            "backend",
                            "copy",
                            "decision",
                            "error",
                            "merge",
                            "metrics",
                            "pool",
                            "prepared",
                            "routing",
                            "sql",
                            "twophase",
                            "wire")),
            Map.entry("relay", Set.of("backend", "error", "metrics", "pool", "prepared", "wire")),
            Map.entry("notification", Set.of("backend", "error", "metrics", "pool", "wire")),
            Map.entry("catalog", Set.of("backend", "error", "metrics", "routing", "wire")),
            Map.entry("sequence", Set.of("backend", "block", "error", "metrics", "topology", "wire")),
            Map.entry("twophase", Set.of("backend", "decision", "error", "metrics", "wire")),
            Map.entry("frontend", Set.of("auth", "error", "metrics", "wire")),
            Map.entry(
                    "session",
                    Set.of(
                            "backend",
                            "decision",
                            "error",
                            "frontend",
                            "health",
                            "metrics",
                            "notification",
                            "pool",
                            "prepared",
                            "relay",
                            "routing",
                            "scatter",
                            "sql",
                            "twophase",
                            "wire")),
            Map.entry(
                    "transport",
                    Set.of("auth", "backend", "error", "frontend", "metrics", "relay", "session", "wire"))));

    private static final JavaClasses CORE = new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .withImportOption(location -> !location.contains("shard-config"))
            .importPackages("io.trunkline");

    @Test
    void packagesImportOnlyWhatTheirArrowsReach() {
        classes()
                .should(new ArchCondition<>("import only what the arrows of their package reach") {
                    @Override
                    public void check(JavaClass from, ConditionEvents events) {
                        String layer = layer(from);
                        if (layer.isEmpty()) {
                            return;
                        }
                        for (Dependency dependency : from.getDirectDependenciesFromSelf()) {
                            String to = layer(dependency.getTargetClass());
                            if (!to.isEmpty()
                                    && !to.equals(layer)
                                    && !ARROWS.get(layer).contains(to)) {
                                events.add(SimpleConditionEvent.violated(from, dependency.getDescription()));
                            }
                        }
                    }
                })
                .check(CORE);
    }

    @Test
    void arrowsNameThePackagesThatExistAndEachIsUsed() {
        Map<String, Set<String>> used = new TreeMap<>();
        for (JavaClass from : CORE) {
            String layer = layer(from);
            if (layer.isEmpty()) {
                continue;
            }
            Set<String> reached = used.computeIfAbsent(layer, name -> new TreeSet<>());
            from.getDirectDependenciesFromSelf().stream()
                    .map(dependency -> layer(dependency.getTargetClass()))
                    .filter(to -> !to.isEmpty() && !to.equals(layer))
                    .forEach(reached::add);
        }

        assertThat(used.keySet()).isEqualTo(ARROWS.keySet());
        ARROWS.forEach((layer, reachable) -> {
            Set<String> unused = new TreeSet<>(reachable);
            unused.removeAll(Set.of("error", "metrics"));
            unused.removeAll(used.get(layer));
            assertThat(unused).as("arrows from %s that nothing uses", layer).isEmpty();
        });
    }

    @Test
    void packagesFormNoCycle() {
        slices().matching("io.trunkline.(*)..").should().beFreeOfCycles().check(CORE);
    }

    @Test
    void sessionKnowsOfLoginsOnlyTheGreeting() {
        noClasses()
                .that()
                .resideInAPackage("io.trunkline.session..")
                .should()
                .dependOnClassesThat(DescribedPredicate.<JavaClass>describe(
                        "are in frontend and not the greeting",
                        type -> layer(type).equals("frontend") && !type.isEquivalentTo(Greeting.class)))
                .check(CORE);
    }

    @Test
    void onlyTheTransportKnowsChannels() {
        noClasses()
                .that()
                .resideOutsideOfPackage("io.trunkline.transport..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("io.netty.channel..", "io.netty.bootstrap..", "io.netty.handler..")
                .check(CORE);
    }

    @Test
    void theCoreKnowsNoZooKeeper() {
        noClasses()
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("org.apache.curator..", "org.apache.zookeeper..")
                .check(CORE);
    }

    @Test
    void nothingOnThePathOfBytesLogs() {
        noClasses()
                .that()
                .resideInAnyPackage(
                        "io.trunkline.wire..",
                        "io.trunkline.sql..",
                        "io.trunkline.prepared..",
                        "io.trunkline.routing..",
                        "io.trunkline.merge..",
                        "io.trunkline.relay..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("org.slf4j..")
                .check(CORE);
    }

    @Test
    void onlyMarkedClassesUseLocksAtomicsAndConcurrentCollections() {
        noClasses()
                .that(DescribedPredicate.describe("are not marked @SharedAcrossLoops", type -> !isMarked(type)))
                .should()
                .dependOnClassesThat(DescribedPredicate.describe(
                        "are locks, atomics or concurrent collections", LayersTest::isForSharing))
                .check(CORE);
    }

    @Test
    void onlyMarkedClassesHaveVolatileFieldsAndSynchronizedMethods() {
        Set<String> found = new TreeSet<>();
        for (JavaClass type : CORE) {
            if (isMarked(type)) {
                continue;
            }
            type.getFields().stream()
                    .filter(field -> field.getModifiers().contains(JavaModifier.VOLATILE))
                    .forEach(field -> found.add(field.getFullName()));
            type.getMethods().stream()
                    .filter(method -> method.getModifiers().contains(JavaModifier.SYNCHRONIZED))
                    .forEach(method -> found.add(method.getFullName()));
        }

        assertThat(found).isEmpty();
    }

    /** Byte code shows a synchronized block only as an instruction, so the sources are read. */
    @Test
    void onlyMarkedFilesHaveSynchronizedBlocks() throws IOException {
        Pattern block = Pattern.compile("\\bsynchronized\\s*\\(");

        List<Path> found = sources()
                .filter(file -> block.matcher(text(file)).find())
                .filter(file -> !text(file).contains("@SharedAcrossLoops("))
                .toList();

        assertThat(found).isEmpty();
    }

    @Test
    void namesSayWhatAThingIs() {
        Pattern vague = Pattern.compile(".*(Utils?|Helper|Manager|Impl|Base|Common)");

        List<String> found = CORE.stream()
                .map(JavaClass::getSimpleName)
                .filter(name -> vague.matcher(name).matches())
                .toList();

        assertThat(found).isEmpty();
    }

    @Test
    void everyPackageIsNullMarkedAndDescribed() {
        for (String layer : ARROWS.keySet()) {
            JavaPackage described = CORE.getPackage(ROOT + layer);

            assertThat(described.isAnnotatedWith(NullMarked.class)).as(layer).isTrue();
        }
    }

    @Test
    void everyFileBeginsWithItsLicence() throws IOException {
        List<Path> found = sources()
                .filter(file -> !text(file).startsWith("// SPDX-License-Identifier: Apache-2.0\n"))
                .toList();

        assertThat(found).isEmpty();
    }

    /** Returns the package below the root, or nothing for classes of others and of the root itself. */
    private static String layer(JavaClass type) {
        String name = type.getBaseComponentType().getPackageName();
        if (!name.startsWith(ROOT)) {
            return "";
        }
        String rest = name.substring(ROOT.length());
        int dot = rest.indexOf('.');
        return dot < 0 ? rest : rest.substring(0, dot);
    }

    private static boolean isMarked(JavaClass type) {
        return type.isAnnotatedWith(SharedAcrossLoops.class)
                || type.getEnclosingClass().map(LayersTest::isMarked).orElse(false);
    }

    private static boolean isForSharing(JavaClass type) {
        String name = type.getName();
        return name.startsWith("java.util.concurrent.locks.")
                || name.startsWith("java.util.concurrent.atomic.")
                || name.startsWith("java.util.concurrent.Concurrent")
                || name.startsWith("java.util.concurrent.CopyOnWrite")
                || name.equals("java.lang.invoke.VarHandle");
    }

    private static Stream<Path> sources() throws IOException {
        try (Stream<Path> files = Files.walk(SOURCES)) {
            return files.filter(file -> file.toString().endsWith(".java")).toList().stream();
        }
    }

    private static String text(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new AssertionError(file.toString(), e);
        }
    }
}
