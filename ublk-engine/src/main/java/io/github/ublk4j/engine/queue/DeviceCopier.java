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

import io.github.ublk4j.engine.driver.CharDevice;
import io.github.ublk4j.engine.linux.ZeroMemory;

/**
 * Copies through the driver's character device.
 *
 * @param device the open device
 * @param queue the queue
 */
record DeviceCopier(CharDevice device, int queue) implements RequestCopier {

	@Override
	public void fromRequest(int tag, IoBuffer target, int length) {
		this.device.copyFromRequest(this.queue, tag, target.address(), length);
	}

	@Override
	public void toRequest(int tag, IoBuffer source, int length) {
		this.device.copyToRequest(this.queue, tag, source.address(), length);
	}

	@Override
	public void zeroRequest(int tag, int length) {
		// no request is longer than the zeros
		this.device.copyToRequest(this.queue, tag, ZeroMemory.address(), length);
	}

}
