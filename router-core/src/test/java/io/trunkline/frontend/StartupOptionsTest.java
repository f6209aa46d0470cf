// SPDX-License-Identifier: Apache-2.0
package io.trunkline.frontend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.trunkline.auth.LoginRefused;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class StartupOptionsTest {

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "\"\"|{}",
                "\"  \"|{}",
                "-c a=b|{a=b}",
                "-ca=b|{a=b}",
                "--a=b|{a=b}",
                "--search-path=x|{search_path=x}",
                "-c search-path=x|{search_path=x}",
                "-c Search_Path=X|{search_path=X}",
                "-c search_path=a,\\ b|{search_path=a, b}",
                "-c a=b\\\\c|{a=b\\c}",
                "-c a=|{a=}",
                "-c a=b=c|{a=b=c}",
                "-c a=1 -c a=2|{a=2}",
                "-c a=1\t--b=2|{a=1, b=2}",
                "-c a=x\\ -c\\ b=y|{a=x -c b=y}",
            })
    void S31_splitsAsPgSplitOpts(String options, String settings) throws LoginRefused {
        Map<String, String> read = new LinkedHashMap<>();

        StartupOptions.read(options, read);

        assertThat(read).hasToString(settings);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "-d5|0A000|command-line switch \"-d5\" in startup options is not supported",
                "-B 100|0A000|command-line switch \"-B\" in startup options is not supported",
                "-c|42601|option requires an argument -- 'c'",
                "-c a|42601|-c a requires a value",
                "--a|42601|--a requires a value",
                "a=b|42601|invalid command-line argument for server process: a=b",
            })
    void S31_refusesWhatIsNoSetting(String options, String sqlState, String message) {
        LoginRefused refused =
                catchThrowableOfType(LoginRefused.class, () -> StartupOptions.read(options, new LinkedHashMap<>()));

        assertThat(refused.error().response().sqlState()).isEqualTo(sqlState);
        assertThat(refused).hasMessage(message);
    }
}
