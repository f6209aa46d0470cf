// SPDX-License-Identifier: Apache-2.0
package io.trunkline.cases;

import com.tngtech.archunit.ArchConfiguration;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaMethod;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import io.trunkline.testing.Case;
import io.trunkline.testing.WireScript;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Which tests are marked with which cases: by {@link Case} in the compiled tests of every module, by comments in wire scripts. Read once,
 * immutable.
 */
final class CaseMarks {
    private static final Path ROOT = Path.of("..");
    private static final List<String> MODULES =
            List.of("shard-config", "router-core", "router-server", "integration-tests");
    private static final String SCRIPTS = "router-core/src/test/resources/wire/";

    private final Map<String, Set<String>> testsByNumber = new TreeMap<>();

    private CaseMarks() {}

    /** Reads the marks of the repository this module lies in. */
    static CaseMarks read() {
        CaseMarks marks = new CaseMarks();
        ArchConfiguration.withThreadLocalScope(configuration -> {
            // Only names and marks are wanted, not what the classes refer to.
            configuration.setResolveMissingDependenciesFromClassPath(false);
            MODULES.forEach(marks::addMarksOfModule);
        });
        for (String file : WireScript.FILES) {
            for (WireScript script : WireScript.read(file)) {
                script.cases().forEach(number -> marks.add(number, link(file + ".wire", SCRIPTS + file + ".wire")));
            }
        }
        return marks;
    }

    private void addMarksOfModule(String module) {
        Path compiled = ROOT.resolve(module).resolve("target/test-classes");
        if (Files.isDirectory(compiled)) {
            new ClassFileImporter().importPath(compiled).forEach(type -> addMarksOf(module, type));
        }
    }

    private void addMarksOf(String module, JavaClass type) {
        JavaClass outermost = type;
        while (outermost.getEnclosingClass().isPresent()) {
            outermost = outermost.getEnclosingClass().get();
        }
        String source = module + "/src/test/java/" + outermost.getName().replace('.', '/') + ".java";
        String name = outermost.getSimpleName();
        type.tryGetAnnotationOfType(Case.class).ifPresent(mark -> addAll(mark, link('`' + name + '`', source)));
        for (JavaMethod method : type.getMethods()) {
            method.tryGetAnnotationOfType(Case.class)
                    .ifPresent(mark -> addAll(mark, link('`' + name + '.' + method.getName() + '`', source)));
        }
    }

    private void addAll(Case mark, String test) {
        for (String number : mark.value()) {
            add(number, test);
        }
    }

    private void add(String number, String test) {
        testsByNumber.computeIfAbsent(number, none -> new TreeSet<>()).add(test);
    }

    /** Returns a link as it is written in a document of this module. */
    private static String link(String text, String path) {
        String module = "integration-tests/";
        String target = path.startsWith(module) ? path.substring(module.length()) : "../" + path;
        return "[" + text + "](" + target + ")";
    }

    /** Returns every number a test is marked with. */
    Set<String> numbers() {
        return testsByNumber.keySet();
    }

    /** Returns links to the tests of a case; empty when there are none. */
    Set<String> testsOf(String number) {
        return testsByNumber.getOrDefault(number, Set.of());
    }
}
