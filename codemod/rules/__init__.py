"""The rules, in the order in which they are asked."""

from __future__ import annotations

from codemod.rules.account_argument import AccountArgument
from codemod.rules.account_environment import AccountEnvironment
from codemod.rules.api_key import ApiKey
from codemod.rules.base_url import BaseUrl
from codemod.rules.client_consumer import ClientConsumer
from codemod.rules.direct_http import DirectHttp
from codemod.rules.dummy_key import DummyKey
from codemod.rules.escaping_client import EscapingClient
from codemod.rules.exposed_key import ExposedKey
from codemod.rules.foreign_model import ForeignModel
from codemod.rules.framework_client import FrameworkClient
from codemod.rules.ignored import IgnoredByComment
from codemod.rules.kept_with_client import KeptWithClient
from codemod.rules.key_check import KeyCheck
from codemod.rules.key_name import KeyName
from codemod.rules.key_prompt import KeyPrompt
from codemod.rules.mixed_client import MixedClient
from codemod.rules.model_id import ModelId
from codemod.rules.model_name_reader import ModelNameReader
from codemod.rules.model_variable import ModelVariable
from codemod.rules.module_client import ModuleClient
from codemod.rules.openai_client import OpenAIClient
from codemod.rules.other_provider import OtherProvider
from codemod.rules.request_parameter import RequestParameter
from codemod.rules.rule import Rule
from codemod.rules.special_client import SpecialClient
from codemod.rules.unreadable_file import UnreadableFile
from codemod.rules.unresolved_client import UnresolvedClient
from codemod.rules.unresolved_key import UnresolvedKey
from codemod.rules.unresolved_model import UnresolvedModel
from codemod.rules.unresolved_url import UnresolvedUrl
from codemod.rules.unsupported_endpoint import UnsupportedEndpoint
from codemod.rules.url_variable import UrlVariable
from codemod.rules.variable_name import VariableName

RULES: tuple[type[Rule], ...] = (
    IgnoredByComment,
    ModuleClient,
    SpecialClient,
    OtherProvider,
    DummyKey,
    UnsupportedEndpoint,
    UnresolvedUrl,
    MixedClient,
    EscapingClient,
    ClientConsumer,
    ForeignModel,
    OpenAIClient,
    BaseUrl,
    ApiKey,
    AccountArgument,
    ModelId,
    UnresolvedKey,
    UnresolvedModel,
    UnresolvedClient,
    RequestParameter,
    ModelNameReader,
    KeptWithClient,
    DirectHttp,
    FrameworkClient,
    KeyName,
    KeyCheck,
    KeyPrompt,
    ExposedKey,
    AccountEnvironment,
    VariableName,
    UrlVariable,
    ModelVariable,
    UnreadableFile,
)
BY_ID = {rule.id: rule for rule in RULES}
BY_NAME = {rule.name: rule for rule in RULES}
