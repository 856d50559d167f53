"""What all shapes are made of, and the shape of a refusal."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers


class In(serializers.Serializer[Any]):
    """A body; fields that it does not know are an error, or a typing mistake would go unseen."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict) and (unknown := set(data) - set(self.fields)):
            raise serializers.ValidationError(
                dict.fromkeys(sorted(unknown), "There is no such field.")
            )
        return super().to_internal_value(data)


class Text(serializers.CharField):
    """Text and nothing that merely could be text, such as a number."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            raise serializers.ValidationError("Not a text.")
        return super().to_internal_value(data)


class Whole(serializers.IntegerField):
    """A number and nothing that merely could be one, such as ``"3"``."""

    def to_internal_value(self, data: Any) -> int:
        if isinstance(data, bool) or not isinstance(data, int | float):
            raise serializers.ValidationError("Not a number.")
        return int(super().to_internal_value(data))


class Id(Whole):
    """The id of a row; what no row can have is not even looked for."""

    def __init__(self, **more: Any) -> None:
        super().__init__(min_value=0, **more)


class Flag(serializers.BooleanField):
    """``true`` or ``false``, and neither ``"yes"`` nor 1."""

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            raise serializers.ValidationError("Neither true nor false.")
        return data


@extend_schema_field({"type": "object", "additionalProperties": {}})
class Settings(serializers.DictField):
    """Any object; the title says what belongs in it."""


class ErrorBody(serializers.Serializer[Any]):
    code = serializers.CharField(help_text="For programs.")
    message = serializers.CharField(help_text="For people.")
    fields = serializers.DictField(  # type: ignore[assignment]
        child=serializers.ListField(child=serializers.CharField()),
        help_text="What is wrong with each field; nested ones are named `settings.length_s`.",
    )


class ErrorOut(serializers.Serializer[Any]):
    error = ErrorBody()
