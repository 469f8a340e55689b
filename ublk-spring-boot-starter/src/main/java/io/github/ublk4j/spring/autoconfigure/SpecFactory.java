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

import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.LongConsumer;

import io.github.ublk4j.block.DiskSpec;
import io.github.ublk4j.block.InvalidDiskException;
import io.github.ublk4j.spring.BlockDevice;
import io.github.ublk4j.spring.BlockDeviceCustomizer;
import io.github.ublk4j.spring.autoconfigure.UblkProperties.Device;
import org.jspecify.annotations.Nullable;

import org.springframework.util.StringUtils;
import org.springframework.util.unit.DataSize;

/**
 * Makes the specification of one disk: a property goes before the attribute of the
 * annotation, which goes before the default; then customizers can change it. Remembers
 * where each value came from, to say so when it is wrong.
 */
final class SpecFactory {

	private final String disk;

	private final Device properties;

	private final @Nullable BlockDevice annotation;

	private final DiskSource source;

	private final AnnotationText text;

	private final NamedCustomizers<BlockDeviceCustomizer> customizers;

	private final Map<String, String> origins = new HashMap<>();

	private boolean unsized;

	SpecFactory(String disk, Device properties, @Nullable BlockDevice annotation, DiskSource source,
			AnnotationText text, NamedCustomizers<BlockDeviceCustomizer> customizers) {
		this.disk = disk;
		this.properties = properties;
		this.annotation = annotation;
		this.source = source;
		this.text = text;
		this.customizers = customizers;
	}

	DiskSpec create() {
		try {
			return build();
		}
		catch (InvalidDiskException ex) {
			throw explain(ex);
		}
	}

	private DiskSpec build() {
		Device device = this.properties;
		DiskSpec.Builder builder = DiskSpec.named(this.disk);
		size("size", device.size(), BlockDevice::size, builder::size);
		if (!this.origins.containsKey("size")) {
			this.source.defaultSize(this.disk).ifPresentOrElse(builder::size, () -> this.unsized = true);
		}
		value("queues", device.queues(), BlockDevice::queues, builder::queues);
		value("queueDepth", device.queueDepth(), BlockDevice::queueDepth, builder::queueDepth);
		intSize("maxIoSize", device.maxIoSize(), BlockDevice::maxIoSize, builder::maxIoSize);
		intSize("logicalBlockSize", device.logicalBlockSize(), BlockDevice::logicalBlockSize,
				builder::logicalBlockSize);
		intSize("physicalBlockSize", device.physicalBlockSize(), BlockDevice::physicalBlockSize,
				builder::physicalBlockSize);
		intSize("ioMin", device.ioMin(), BlockDevice::ioMin, builder::ioMin);
		intSize("ioOpt", device.ioOpt(), BlockDevice::ioOpt, builder::ioOpt);
		value("readOnly", device.readOnly(), BlockDevice::readOnly, builder::readOnly);
		value("rotational", device.rotational(), BlockDevice::rotational, builder::rotational);
		value("dataMode", device.dataMode(), BlockDevice::dataMode, builder::dataMode);
		return customize(builder);
	}

	private DiskSpec customize(DiskSpec.Builder builder) {
		boolean valid = isValid(builder);
		String subject = "the disk '" + this.disk + "' (" + this.source + ")";
		boolean customized = this.customizers.apply(subject, (each) -> each.customize(this.disk, builder));
		try {
			return builder.build();
		}
		catch (InvalidDiskException ex) {
			if (valid && customized) {
				throw new DiskStartupException("The disk '" + this.disk + "' (" + this.source
						+ ") cannot be made: a BlockDeviceCustomizer sets its " + ex.attribute() + " to " + ex.value()
						+ ".", ex.remedy(), ex);
			}
			throw ex;
		}
	}

	private static boolean isValid(DiskSpec.Builder builder) {
		try {
			builder.build();
			return true;
		}
		catch (InvalidDiskException ex) {
			return false;
		}
	}

	private <T> void value(String attribute, @Nullable T property, Function<BlockDevice, T> annotated,
			Consumer<T> setter) {
		if (property != null) {
			this.origins.put(attribute, property(attribute));
			setter.accept(property);
		}
		else if (this.annotation != null) {
			this.origins.put(attribute, annotation(attribute));
			setter.accept(annotated.apply(this.annotation));
		}
	}

	private void size(String attribute, @Nullable DataSize property, Function<BlockDevice, String> annotated,
			LongConsumer setter) {
		if (property != null) {
			this.origins.put(attribute, property(attribute));
			setter.accept(property.toBytes());
		}
		else if (this.annotation != null) {
			String text = this.text.resolve(this.source.toString(), attribute, annotated.apply(this.annotation));
			if (StringUtils.hasText(text)) {
				this.origins.put(attribute, annotation(attribute));
				setter.accept(parse(attribute, text));
			}
		}
	}

	private void intSize(String attribute, @Nullable DataSize property, Function<BlockDevice, String> annotated,
			Consumer<Integer> setter) {
		size(attribute, property, annotated, (bytes) -> {
			if (bytes != (int) bytes) {
				throw new InvalidDiskException(this.disk, attribute, bytes, "Use less than 2 GiB.");
			}
			setter.accept((int) bytes);
		});
	}

	private long parse(String attribute, String text) {
		try {
			return DataSize.parse(text).toBytes();
		}
		catch (IllegalArgumentException | ArithmeticException ex) {
			throw new InvalidDiskException(this.disk, attribute, "'" + text + "'",
					"Write a number with B, KB, MB, GB or TB, such as 256MB.");
		}
	}

	private DiskStartupException explain(InvalidDiskException invalid) {
		String origin = this.origins.get(invalid.attribute());
		String subject = "The disk '" + this.disk + "' (" + this.source + ") cannot be made: ";
		if (origin != null) {
			return new DiskStartupException(subject + origin + " is " + invalid.value() + ".", invalid.remedy(),
					invalid);
		}
		if (invalid.attribute().equals("size") && this.unsized) {
			return new DiskStartupException(
					subject + "it has no size.", "Set " + property("size")
							+ ((this.annotation != null) ? ", or " + annotation("size") : "") + ", such as 256MB.",
					invalid);
		}
		return new DiskStartupException(subject + "its " + invalid.attribute() + " is " + invalid.value() + ".",
				invalid.remedy(), invalid);
	}

	private String property(String attribute) {
		return PropertyNames.of(this.disk, attribute);
	}

	private String annotation(String attribute) {
		return "the attribute '" + attribute + "' of @BlockDevice on the " + this.source;
	}

}
