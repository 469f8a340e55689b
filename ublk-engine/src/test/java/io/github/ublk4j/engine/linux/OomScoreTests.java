/*
 * Copyright 2026 the ublk4j authors.
 *
 * Licensed under the Apache License, Version 2.0 (the "License");
 * you may not use this file except in compliance with the License.
 * You may obtain a copy of the License at
 *
 *      https://www.apache.org/licenses/LICENSE-2.0
 *
 * Unless required by applicable law or agreed to in writing, software
 * distributed under the License is distributed on an "AS IS" BASIS,
 * WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
 * See the License for the specific language governing permissions and
 * limitations under the License.
 */

package io.github.ublk4j.engine.linux;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for {@link OomScore}.
 */
class OomScoreTests {

	@TempDir
	private Path directory;

	@Test
	void valueIsWritten() throws IOException {
		Path file = Files.writeString(this.directory.resolve("oom_score_adj"), "");
		new OomScore(file).adjust(-900);
		assertThat(file).hasContent("-900");
	}

	@Test
	void systemThatHasNoneIsAnError() {
		assertThatExceptionOfType(IOException.class)
			.isThrownBy(() -> new OomScore(this.directory.resolve("oom_score_adj")).adjust(0));
	}

}
