// SPDX-License-Identifier: Apache-2.0
package io.trunkline.session;

import io.trunkline.testing.ByteBufLeaks;
import io.trunkline.testing.Case;
import io.trunkline.testing.Fragmenter;
import io.trunkline.testing.LogGate;
import io.trunkline.testing.WireScript;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicContainer;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The scripts of {@code src/test/resources/wire}, each with whole reads and with the bytes cut at every place. */
class WireScriptTest {
    private static final int CUTS_MAX = 300;

    @RegisterExtension
    final LogGate log = new LogGate();

    @TestFactory
    Stream<DynamicContainer> answersAsTheScriptsSay() {
        return scripts(script -> script.play(length -> Fragmenter.whole(), true));
    }

    @TestFactory
    @Case("M13")
    Stream<DynamicContainer> answersTheSameHoweverTheBytesAreCut() {
        return scripts(script -> {
            script.play(length -> Fragmenter.everyByte(), false);
            script.play(length -> Fragmenter.everyByte(), true);
            int longest = Math.min(script.longestBytes(), CUTS_MAX);
            for (int at = 1; at < longest; at++) {
                int position = at;
                script.play(length -> Fragmenter.cutAt(Math.min(position, length), length), at % 2 == 0);
            }
        });
    }

    @TestFactory
    Stream<DynamicContainer> answersTheSameBesideADryRun() {
        return scripts(script -> {
            if (script.isSameInDryRun()) {
                script.playInDryRun(length -> Fragmenter.whole());
                script.playInDryRun(length -> Fragmenter.everyByte());
            }
        });
    }

    private static Stream<DynamicContainer> scripts(Consumer<WireScript> play) {
        return WireScript.FILES.stream()
                .map(file -> DynamicContainer.dynamicContainer(
                        file,
                        WireScript.read(file).stream()
                                .map(script -> DynamicTest.dynamicTest(
                                        script.title(), () -> ByteBufLeaks.during(() -> play.accept(script))))));
    }
}
