// A Terraform provider that knows the arguments of resources and does nothing: enough for `validate`, and for tests with
// mock_provider, which asks its provider for the schema and invents the rest. It says what $PROVIDER_SCHEMA says, a file in the
// format of `terraform providers schema -json`.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"os"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6/tf6server"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

type attribute struct {
	Type     json.RawMessage
	Required bool
	Optional bool
	Computed bool
}

type nested struct {
	NestingMode string `json:"nesting_mode"`
	MinItems    int64  `json:"min_items"`
	MaxItems    int64  `json:"max_items"`
	Block       block
}

type block struct {
	Attributes map[string]attribute
	BlockTypes map[string]nested `json:"block_types"`
}

type resource struct{ Block block }

type schemas struct {
	ProviderSchemas map[string]struct {
		Provider        resource
		ResourceSchemas map[string]resource `json:"resource_schemas"`
	} `json:"provider_schemas"`
}

var modes = map[string]tfprotov6.SchemaNestedBlockNestingMode{
	"single": tfprotov6.SchemaNestedBlockNestingModeSingle,
	"list":   tfprotov6.SchemaNestedBlockNestingModeList,
	"set":    tfprotov6.SchemaNestedBlockNestingModeSet,
}

func (b block) schema() *tfprotov6.SchemaBlock {
	into := &tfprotov6.SchemaBlock{}
	for name, each := range b.Attributes {
		kind, err := tftypes.ParseJSONType(each.Type) //nolint:staticcheck // the format is the one that it reads
		if err != nil {
			log.Fatalf("%s: %v", name, err)
		}
		into.Attributes = append(into.Attributes, &tfprotov6.SchemaAttribute{
			Name: name, Type: kind, Required: each.Required, Optional: each.Optional, Computed: each.Computed,
		})
	}
	for name, each := range b.BlockTypes {
		into.BlockTypes = append(into.BlockTypes, &tfprotov6.SchemaNestedBlock{
			TypeName: name, Nesting: modes[each.NestingMode], MinItems: each.MinItems, MaxItems: each.MaxItems,
			Block: each.Block.schema(),
		})
	}
	return into
}

// standIn answers what `validate` asks. Whoever plans or applies without a mock gets an error: nothing is pretended.
type standIn struct {
	tfprotov6.ProviderServer
	schemas *tfprotov6.GetProviderSchemaResponse
}

func (s standIn) GetMetadata(context.Context, *tfprotov6.GetMetadataRequest) (*tfprotov6.GetMetadataResponse, error) {
	into := &tfprotov6.GetMetadataResponse{}
	for name := range s.schemas.ResourceSchemas {
		into.Resources = append(into.Resources, tfprotov6.ResourceMetadata{TypeName: name})
	}
	return into, nil
}

func (s standIn) GetProviderSchema(context.Context, *tfprotov6.GetProviderSchemaRequest) (*tfprotov6.GetProviderSchemaResponse, error) {
	return s.schemas, nil
}

func (standIn) GetResourceIdentitySchemas(context.Context, *tfprotov6.GetResourceIdentitySchemasRequest) (*tfprotov6.GetResourceIdentitySchemasResponse, error) {
	return &tfprotov6.GetResourceIdentitySchemasResponse{}, nil
}

func (standIn) ValidateProviderConfig(_ context.Context, asked *tfprotov6.ValidateProviderConfigRequest) (*tfprotov6.ValidateProviderConfigResponse, error) {
	return &tfprotov6.ValidateProviderConfigResponse{PreparedConfig: asked.Config}, nil
}

func (standIn) ValidateResourceConfig(context.Context, *tfprotov6.ValidateResourceConfigRequest) (*tfprotov6.ValidateResourceConfigResponse, error) {
	return &tfprotov6.ValidateResourceConfigResponse{}, nil
}

// UpgradeResourceState gives a state back as it is: there is one version of the schema. Mocks ask for it before each step.
func (s standIn) UpgradeResourceState(_ context.Context, asked *tfprotov6.UpgradeResourceStateRequest) (*tfprotov6.UpgradeResourceStateResponse, error) {
	schema, known := s.schemas.ResourceSchemas[asked.TypeName]
	if !known {
		return nil, fmt.Errorf("there is no resource %s", asked.TypeName)
	}
	kind := schema.ValueType()
	value, err := asked.RawState.Unmarshal(kind)
	if err != nil {
		return nil, err
	}
	state, err := tfprotov6.NewDynamicValue(kind, value)
	return &tfprotov6.UpgradeResourceStateResponse{UpgradedState: &state}, err
}

func (standIn) StopProvider(context.Context, *tfprotov6.StopProviderRequest) (*tfprotov6.StopProviderResponse, error) {
	return &tfprotov6.StopProviderResponse{}, nil
}

func (standIn) ConfigureProvider(context.Context, *tfprotov6.ConfigureProviderRequest) (*tfprotov6.ConfigureProviderResponse, error) {
	return nil, fmt.Errorf("this provider stands in for another one: it validates, and does nothing")
}

func read(path string) (*tfprotov6.GetProviderSchemaResponse, string) {
	text, err := os.ReadFile(path)
	if err != nil {
		log.Fatal(err)
	}
	var all schemas
	if err := json.Unmarshal(text, &all); err != nil {
		log.Fatalf("%s: %v", path, err)
	}
	for address, each := range all.ProviderSchemas {
		into := &tfprotov6.GetProviderSchemaResponse{
			Provider:        &tfprotov6.Schema{Block: each.Provider.Block.schema()},
			ResourceSchemas: map[string]*tfprotov6.Schema{},
		}
		for name, resource := range each.ResourceSchemas {
			into.ResourceSchemas[name] = &tfprotov6.Schema{Block: resource.Block.schema()}
		}
		return into, address
	}
	log.Fatalf("%s holds no provider", path)
	return nil, ""
}

func main() {
	said, address := read(os.Getenv("PROVIDER_SCHEMA"))
	if err := tf6server.Serve(address, func() tfprotov6.ProviderServer { return standIn{schemas: said} }); err != nil {
		log.Fatal(err)
	}
}
