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

package io.github.ublk4j.spring;

import io.github.ublk4j.block.BackingFile;
import io.github.ublk4j.block.BlockDeviceHandler;
import io.github.ublk4j.block.FlushRequest;
import io.github.ublk4j.block.ReadRequest;
import io.github.ublk4j.block.WriteRequest;
import reactor.core.publisher.Mono;

@BlockDevice(name = "archive", size = "20GB")
record ArchiveDisk(BackingFile file) implements BlockDeviceHandler {

	@Override
	public Mono<Void> read(ReadRequest read) {
		return read.transferFrom(this.file, read.offset());
	}

	@Override
	public Mono<Void> write(WriteRequest write) {
		return write.transferTo(this.file, write.offset());
	}

	@Override
	public Mono<Void> flush(FlushRequest flush) {
		return flush.sync(this.file);
	}

	@Override
	public boolean transfersOnly() {
		return true;
	}

	@Override
	public boolean fillsReadBuffers() {
		return true;
	}

}
