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

package io.github.ublk4j.sample;

import io.github.ublk4j.engine.DeviceState;
import io.github.ublk4j.engine.UblkDevice;
import io.github.ublk4j.spring.BlockDevices;
import reactor.core.publisher.Flux;

import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

/**
 * Lists the disks.
 */
@RestController
class DiskController {

	private final BlockDevices devices;

	DiskController(BlockDevices devices) {
		this.devices = devices;
	}

	@GetMapping("/disks")
	Flux<Disk> disks() {
		return Flux.fromIterable(this.devices.all()).map(Disk::of);
	}

	record Disk(String name, String path, long size, DeviceState state) {

		static Disk of(UblkDevice device) {
			return new Disk(device.name(), device.path().toString(), device.spec().size(), device.status().state());
		}

	}

}
