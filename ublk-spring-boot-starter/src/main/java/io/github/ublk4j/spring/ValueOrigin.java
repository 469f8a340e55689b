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

/**
 * Where a value of a declared disk comes from.
 */
public enum ValueOrigin {

	/** {@code ublk.devices.<name>.<attribute>}. */
	PROPERTY,

	/** An attribute of {@link BlockDevice @BlockDevice} that is not its default. */
	ANNOTATION,

	/** Nobody has set it. For the size: that of the store. */
	DEFAULT,

	/** A {@link BlockDeviceCustomizer} has changed it, or a value that it follows. */
	CUSTOMIZER

}
