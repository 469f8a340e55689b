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

package io.github.ublk4j.spring.autoconfigure;

import io.github.ublk4j.block.DiskSpec;
import io.github.ublk4j.block.InvalidDiskException;
import io.github.ublk4j.block.Recovery;
import io.github.ublk4j.spring.autoconfigure.LayerProperties.Cache;
import io.github.ublk4j.spring.autoconfigure.LayerProperties.CacheMode;
import io.github.ublk4j.spring.autoconfigure.UblkProperties.Device;

/**
 * Refuses a disk that outlives the application if its layers acknowledge writes that only
 * the application has. A file system on it would go on without them, as if they were
 * there, and destroy itself; after a loss of power it would have looked for them.
 */
final class RecoverableLayers {

	private RecoverableLayers() {
	}

	/**
	 * Looks at layers whose options have been found to belong to them.
	 */
	static void require(DiskSpec spec, Device device) {
		// what is only read is not lost
		if (spec.recovery() == Recovery.NONE || spec.readOnly()) {
			return;
		}
		if (device.layers().contains("copy-on-write")) {
			throw refusal(spec, "layers", String.join(", ", device.layers()),
					"The overlay of copy-on-write ends with the application, but this disk does not. "
							+ "Remove the layer copy-on-write");
		}
		Cache cache = device.layer().cache();
		if (cache != null && cache.mode() == CacheMode.WRITE_BACK) {
			throw refusal(spec, "layer.cache.mode", cache.mode(),
					"What is not written back ends with the application, but this disk does not. Use write-through");
		}
	}

	private static InvalidDiskException refusal(DiskSpec spec, String property, Object value, String remedy) {
		return new InvalidDiskException(spec.name(), "recovery",
				spec.recovery() + ", and " + PropertyNames.of(spec.name(), property) + " is " + value,
				remedy + ", or set " + PropertyNames.of(spec.name(), "recovery") + "=none.");
	}

}
