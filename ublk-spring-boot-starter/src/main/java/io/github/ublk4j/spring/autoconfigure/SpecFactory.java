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

import java.time.Duration;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.LongConsumer;

import io.github.ublk4j.block.DiskSpec;
import io.github.ublk4j.block.InvalidDiskException;
import io.github.ublk4j.block.Recovery;
import io.github.ublk4j.spring.BlockDevice;
import io.github.ublk4j.spring.BlockDeviceCustomizer;
import io.github.ublk4j.spring.OnShutdown;
import io.github.ublk4j.spring.ValueOrigin;
import io.github.ublk4j.spring.autoconfigure.UblkProperties.Device;
import org.jspecify.annotations.Nullable;

import org.springframework.boot.convert.DurationStyle;
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

	private final ValueOrigins origins = new ValueOrigins();

	private OnShutdown onShutdown = OnShutdown.DELETE;

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
		if (this.origins.of("size") == ValueOrigin.DEFAULT) {
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
		value("partitionScan", device.partitionScan(), BlockDevice::partitionScan, builder::partitionScan);
		value("dataMode", device.dataMode(), BlockDevice::dataMode, builder::dataMode);
		value("recovery", device.recovery(), BlockDevice::recovery, builder::recovery);
		requestTimeout(device.requestTimeout(), builder);
		value("onShutdown", device.onShutdown(), BlockDevice::onShutdown, (value) -> this.onShutdown = value);
		DiskSpec spec = customize(builder);
		RecoverableLayers.require(spec, device);
		return spec;
	}

	private void requestTimeout(@Nullable Duration property, DiskSpec.Builder builder) {
		String attribute = "requestTimeout";
		if (property != null) {
			this.origins.property(attribute);
			builder.requestTimeout(property);
		}
		else if (this.annotation != null) {
			String written = this.annotation.requestTimeout();
			String text = this.text.resolve(this.source.toString(), attribute, written);
			this.origins.annotation(attribute, written);
			try {
				builder.requestTimeout(DurationStyle.detectAndParse(text));
			}
			catch (IllegalArgumentException ex) {
				throw new InvalidDiskException(this.disk, attribute, "'" + text + "'",
						"Write a number with ms, s, m or h, such as 30s, or 0 for ever.");
			}
		}
	}

	/**
	 * Returns what becomes of the disk that has been created with the application.
	 */
	OnShutdown onShutdown() {
		return this.onShutdown;
	}

	private DiskSpec customize(DiskSpec.Builder builder) {
		Object declared = buildOrExplain(builder);
		boolean customized = this.customizers.apply(subject(), (each) -> each.customize(this.disk, builder));
		try {
			DiskSpec spec = builder.build();
			if (spec.recovery() == Recovery.NONE && this.onShutdown != OnShutdown.DELETE) {
				throw new InvalidDiskException(this.disk, "onShutdown", this.onShutdown,
						"Give the disk a recovery, such as " + property("recovery") + "=reissue, or leave this out.");
			}
			if (declared instanceof DiskSpec before) {
				this.origins.customizers(before, spec);
			}
			else if (declared instanceof InvalidDiskException before) {
				this.origins.customizer(before.attribute());
			}
			return spec;
		}
		catch (InvalidDiskException ex) {
			if (customized && declared instanceof DiskSpec) {
				this.origins.customizer(ex.attribute());
			}
			throw ex;
		}
	}

	private static Object buildOrExplain(DiskSpec.Builder builder) {
		try {
			return builder.build();
		}
		catch (InvalidDiskException ex) {
			return ex;
		}
	}

	/**
	 * Returns where the values of the disk that has been created come from.
	 */
	Map<String, ValueOrigin> origins() {
		return this.origins.asMap();
	}

	private <T> void value(String attribute, @Nullable T property, Function<BlockDevice, T> annotated,
			Consumer<T> setter) {
		if (property != null) {
			this.origins.property(attribute);
			setter.accept(property);
		}
		else if (this.annotation != null) {
			T value = annotated.apply(this.annotation);
			this.origins.annotation(attribute, value);
			setter.accept(value);
		}
	}

	private void size(String attribute, @Nullable DataSize property, Function<BlockDevice, String> annotated,
			LongConsumer setter) {
		if (property != null) {
			this.origins.property(attribute);
			setter.accept(property.toBytes());
		}
		else if (this.annotation != null) {
			String written = annotated.apply(this.annotation);
			String text = this.text.resolve(this.source.toString(), attribute, written);
			if (StringUtils.hasText(text)) {
				this.origins.annotation(attribute, written);
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
			throw new InvalidDiskException(this.disk, attribute, "'" + text + "'", MisspeltSize.remedy(text));
		}
	}

	private DiskStartupException explain(InvalidDiskException invalid) {
		String attribute = invalid.attribute();
		if (attribute.equals("size") && this.unsized && this.origins.of("size") == ValueOrigin.DEFAULT) {
			return new DiskStartupException(
					"The " + subject() + " cannot be made: it has no size.", "Set " + property("size")
							+ ((this.annotation != null) ? ", or " + annotation("size") : "") + ", such as 256MB.",
					invalid);
		}
		String value = switch (this.origins.of(attribute)) {
			case PROPERTY -> property(attribute) + " is " + invalid.value();
			case ANNOTATION -> annotation(attribute) + " is " + invalid.value();
			case CUSTOMIZER -> "a BlockDeviceCustomizer sets its " + attribute + " to " + invalid.value();
			case DEFAULT -> "its " + attribute + " is " + invalid.value();
		};
		return new DiskStartupException("The " + subject() + " cannot be made: " + value + ".", invalid.remedy(),
				invalid);
	}

	private String subject() {
		return "disk '" + this.disk + "' (" + this.source + ")";
	}

	private String property(String attribute) {
		return PropertyNames.of(this.disk, attribute);
	}

	private String annotation(String attribute) {
		return "the attribute '" + attribute + "' of @BlockDevice on the " + this.source;
	}

}
