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

package io.github.ublk4j.engine.queue;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;

import io.github.ublk4j.engine.linux.Errno;
import io.github.ublk4j.engine.linux.LinuxException;
import io.github.ublk4j.engine.linux.SharedFile;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link FileTable}.
 */
class FileTableTests {

	private final List<String> registrations = new ArrayList<>();

	private final AtomicInteger wakes = new AtomicInteger();

	private final Runnable waker = this.wakes::incrementAndGet;

	private final FileTable table = new FileTable((index, fd) -> this.registrations.add(index + "=" + fd), 1, 15);

	private final List<SharedFile> files = IntStream.range(100, 120).mapToObj(FileTableTests::file).toList();

	private static SharedFile file(int fd) {
		return new SharedFile("file " + fd, fd, () -> {
		});
	}

	@Test
	void fileIsRegisteredOnceAndFoundAgain() {
		assertThat(lookUp(0)).isEqualTo(1);
		assertThat(lookUp(1)).isEqualTo(2);
		assertThat(lookUp(0)).isEqualTo(1);
		assertThat(this.registrations).containsExactly("1=100", "2=101");
	}

	@Test
	void sixteenthFileGoesWithoutAPlaceWhileTheOthersAreUsed() {
		for (int round = 0; round < FileTable.IDLE_LOOKUPS; round++) {
			for (int i = 0; i < 15; i++) {
				assertThat(lookUp(i)).isEqualTo(1 + i);
			}
			assertThat(lookUp(15)).isEqualTo(FileTable.NOT_REGISTERED);
		}
		assertThat(this.registrations).hasSize(15);
	}

	@Test
	void fileThatWasNotUsedForLongestMakesRoom() {
		for (int i = 0; i < 15; i++) {
			lookUp(i);
		}
		lookUp(0);
		for (int i = 0; i < FileTable.IDLE_LOOKUPS; i++) {
			lookUp(2);
		}
		assertThat(lookUp(15)).as("in the place of the second").isEqualTo(2);
		assertThat(this.registrations).hasSize(16).endsWith("2=115");
		assertThat(lookUp(0)).isEqualTo(1);
		assertThat(lookUp(1)).as("in the place of the fourth").isEqualTo(4);
	}

	@Test
	void fileOfATransferUnderWayKeepsItsPlace() {
		for (int i = 0; i < 15; i++) {
			this.files.get(i).use();
			lookUp(i);
		}
		for (int i = 0; i < 2 * FileTable.IDLE_LOOKUPS; i++) {
			lookUp(2);
		}
		assertThat(lookUp(15)).isEqualTo(FileTable.NOT_REGISTERED);
		this.files.get(7).endUse();
		assertThat(lookUp(15)).isEqualTo(8);
	}

	@Test
	void fileClosedByItsOwnerGivesItsPlaceUpAndWakesTheLoop() {
		for (int i = 0; i < 15; i++) {
			lookUp(i);
		}
		this.files.get(4).close();
		assertThat(this.wakes).hasValue(1);
		this.table.dropRetired();
		this.table.dropRetired();
		assertThat(this.registrations).hasSize(16).endsWith("5=-1");
		assertThat(lookUp(15)).isEqualTo(5);
	}

	@Test
	void fileClosedDuringATransferGivesItsPlaceUpAfterIt() {
		lookUp(0);
		this.files.get(0).use();
		this.files.get(0).close();
		this.table.dropRetired();
		assertThat(this.registrations).containsExactly("1=100");
		this.files.get(0).endUse();
		this.table.dropRetired();
		assertThat(this.registrations).containsExactly("1=100", "1=-1");
	}

	@Test
	void closedTableIsNotWoken() {
		lookUp(0);
		lookUp(1);
		this.table.close();
		this.files.get(0).close();
		this.files.get(1).close();
		assertThat(this.wakes).hasValue(0);
	}

	@Test
	void fileThatCannotBeRegisteredGoesWithoutAPlace() {
		FileTable refusing = new FileTable((index, fd) -> {
			throw new LinuxException("register", Errno.EINVAL);
		}, 1, 15);
		assertThat(refusing.indexOf(this.files.get(0), 100, this.waker)).isEqualTo(FileTable.NOT_REGISTERED);
		refusing.dropRetired();
		refusing.close();
	}

	private int lookUp(int file) {
		return this.table.indexOf(this.files.get(file), 100 + file, this.waker);
	}

}
