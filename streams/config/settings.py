"""All settings of one process, and where they are read from."""

import os
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from streams.config import mistakes, references
from streams.config.alerts import (
    AlertSettings,
    CaseSettings,
    Name,
    PersonSettings,
    RotaSettings,
    RouteSettings,
    TeamSettings,
)
from streams.config.channels import AnyChannel, ChannelName
from streams.config.rooms import (
    CONFIG_FILE,
    EdgeSettings,
    EmbeddedSettings,
    KafkaSettings,
    StoreSettings,
    TextSettings,
    WebSettings,
    WorkerSettings,
)
from streams.errors import BadConfig
from streams.language import t


class _Environment(EnvSettingsSource):
    """Variables, of which only lists and tables are JSON where the name is the user's own.

    A channel's secret made of digits is no number.
    """

    def decode_complex_value(self, field_name: str, field: FieldInfo | None, value: Any) -> Any:
        if field is None and not str(value).startswith(("[", "{")):
            raise ValueError(field_name)  # what is not JSON is kept as text
        return super().decode_complex_value(field_name, field, value)  # type: ignore[arg-type]


class Settings(BaseSettings):
    """All settings of one process. Rooms are handed their own part, never the whole."""

    model_config = SettingsConfigDict(
        env_prefix="KOUBEI_", env_nested_delimiter="__", toml_file=CONFIG_FILE, extra="forbid", frozen=True
    )

    language: Literal["zh", "en"] = Field("zh", description="Language of page, messages and reports.")
    timezone: str = Field("Asia/Shanghai", description="Time zone wherever a person reads a time.")
    kafka: KafkaSettings = KafkaSettings()
    store: StoreSettings = StoreSettings()
    worker: WorkerSettings = WorkerSettings()
    text: TextSettings = TextSettings()
    web: WebSettings = WebSettings()
    edge: EdgeSettings = EdgeSettings()
    embedded: EmbeddedSettings = EmbeddedSettings()
    alerts: AlertSettings = AlertSettings()
    cases: CaseSettings = CaseSettings()
    channels: dict[ChannelName, Annotated[AnyChannel, Field(discriminator="kind")]] = Field(
        default_factory=dict, description="Ways to reach people, by name: one table [channels.NAME] each."
    )
    people: dict[Name, PersonSettings] = Field(
        default_factory=dict, description="People to notify by name: one table [people.NAME] each."
    )
    rotas: dict[Name, RotaSettings] = Field(
        default_factory=dict, description="People who take turns: one table [rotas.NAME] each."
    )
    teams: dict[Name, TeamSettings] = Field(
        default_factory=dict, description="Who is told first, second …: one table [teams.NAME] each."
    )
    routes: list[RouteSettings] = Field(
        default_factory=list,
        description="Which alerts go to whom: one table [[routes]] each. Without any, all go to every channel.",
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Flags, then environment, then koubei.toml."""
        return init_settings, _Environment(settings_cls), TomlConfigSettingsSource(settings_cls)


def load(**flags: Any) -> Settings:
    """The settings of this process; `flags` (nested dicts by room) win over everything else.

    Raises:
        BadConfig: a value or key is wrong; the message names it, its place and the nearest known name.
    """
    if unknown := mistakes.unknown_variable(Settings, os.environ):
        raise BadConfig(unknown)
    try:
        loaded = Settings(**flags)
    except ValidationError as error:
        raise BadConfig(mistakes.explain(Settings, error)) from error
    except ValueError as error:
        raise BadConfig(
            t(f"{CONFIG_FILE} 读不懂：{error}", f"{CONFIG_FILE} cannot be read: {error}")
        ) from error
    references.check(loaded)
    return loaded
