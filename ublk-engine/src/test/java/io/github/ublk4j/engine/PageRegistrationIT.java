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

package io.github.ublk4j.engine;

import java.nio.file.Path;
import java.util.Objects;

import io.github.ublk4j.block.BlockStore;
import io.github.ublk4j.block.DataMode;
import io.github.ublk4j.block.DiskSpec;
import io.github.ublk4j.engine.queue.PageRegistration;
import io.github.ublk4j.kernel.Fio;
import io.github.ublk4j.kernel.KernelTest;
import io.github.ublk4j.kernel.Shell;
import io.github.ublk4j.store.FileBlockStore;
import org.junit.jupiter.api.condition.EnabledIf;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Zero-copy devices move the right data however the pages are registered.
 */
@KernelTest
@EnabledIf("io.github.ublk4j.kernel.KernelModes#hasZeroCopy")
class PageRegistrationIT {

	private static final int SIZE = 64 << 20;

	@TempDir
	private Path directory;

	@ParameterizedTest
	@EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "NONE")
	void dataIsTransferredHoweverPagesAreRegistered(PageRegistration registration) {
		Path file = this.directory.resolve("disk.img");
		try (BlockStore store = FileBlockStore.at(file).size(SIZE).open();
				UblkEngine engine = UblkEngine.builder().registration(registration).build()) {
			UblkDevice device = Objects.requireNonNull(
					engine.start(DiskSpec.named("pages").size(SIZE).dataMode(DataMode.ZERO_COPY).build(), store)
						.block());
			Fio.verify(device.path(), "--bsrange=4k-256k --iodepth=32 --size=32m");
			Shell.run("cmp " + device.path() + " " + file);
			assertThat(device.status().queues().get(0).errors()).isZero();
			assertThat(device.status().flags().contains("AUTO_BUF_REG"))
				.isEqualTo(registration != PageRegistration.BY_COMMAND);
		}
	}

}
